import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configMap, startCluster, type TestCluster, web } from '../../../support/cluster.ts';
import { ask, tokenOf } from './api.ts';

let test: TestCluster;
beforeAll(async () => {
  test = await startCluster();
});
afterAll(() => test[Symbol.asyncDispose]());

const MAPS = '/api/v1/namespaces/shop/configmaps';
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments';
const create = (body: object, path = MAPS) => ask(test, path, { method: 'POST', body });
const merge = (path: string, body: object) =>
  ask(test, path, { method: 'PATCH', type: 'application/merge-patch+json', body });

describe('an object', () => {
  it('is created once, with what the server adds', async () => {
    const { status, body } = await create(configMap('once', { A: 'a' }));
    expect(status).toBe(201);
    expect(body.metadata).toMatchObject({ name: 'once', namespace: 'shop', generation: 1 });
    expect(body.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await create(configMap('once', {}))).toMatchObject({ status: 409, body: { reason: 'AlreadyExists' } });
  });

  it('is refused in a namespace that is not there, of another kind, without a name', async () => {
    expect(
      (await create({ ...configMap('x', {}), metadata: { name: 'x' } }, '/api/v1/namespaces/no/configmaps')).status,
    ).toBe(404);
    expect((await create({ ...configMap('x', {}), kind: 'Secret' })).status).toBe(400);
    expect((await create({ ...configMap('x', {}), metadata: {} })).status).toBe(422);
    expect((await create(configMap('Not_A_Name', {}))).status).toBe(422);
  });

  it('that somebody changed meanwhile is not replaced', async () => {
    const { body: first } = await create(configMap('raced', { A: 'a' }));
    await merge(`${MAPS}/raced`, { data: { A: 'b' } });
    const replace = (body: object) => ask(test, `${MAPS}/raced`, { method: 'PUT', body });
    expect(await replace({ ...first, data: {} })).toMatchObject({ status: 409, body: { reason: 'Conflict' } });
    const stale = { data: { A: 'c' }, metadata: { resourceVersion: first.metadata.resourceVersion } };
    expect((await merge(`${MAPS}/raced`, stale)).status).toBe(409);
    const { body: now } = await ask(test, `${MAPS}/raced`);
    expect((await replace({ ...now, data: { A: 'd' } })).body.data).toEqual({ A: 'd' });
  });

  it('is deleted, and then not there', async () => {
    await create(configMap('gone', {}));
    expect((await ask(test, `${MAPS}/gone`, { method: 'DELETE' })).status).toBe(200);
    const { status, body } = await ask(test, `${MAPS}/gone`);
    expect([status, body.message]).toEqual([404, 'configmaps "gone" not found']);
  });

  it('keeps its identity and its generation when only its labels change', async () => {
    test.cluster.apply(web('labelled', { replicas: 0 }));
    const { body: before } = await ask(test, `${DEPLOYMENTS}/labelled`);
    const { body } = await merge(`${DEPLOYMENTS}/labelled`, { metadata: { labels: { a: 'b' }, uid: 'forged' } });
    expect(body.metadata).toMatchObject({ uid: before.metadata.uid, generation: 1, labels: { a: 'b' } });
    const { body: scaled } = await merge(`${DEPLOYMENTS}/labelled`, { spec: { progressDeadlineSeconds: 30 } });
    expect(scaled.metadata.generation).toBe(2);
  });

  it('cannot have its status written along with its specification', async () => {
    test.cluster.apply(web('honest', { replicas: 0 }));
    await merge(`${DEPLOYMENTS}/honest`, { status: { availableReplicas: 99 } });
    const { body } = await ask(test, `${DEPLOYMENTS}/honest`);
    expect(body.status.availableReplicas).not.toBe(99);
  });
});

describe('a deployment that would be run wrongly here', () => {
  const template = (change: (container: Record<string, unknown>, spec: Record<string, unknown>) => void): object => {
    const object = structuredClone(web('odd')) as { spec: { template: { spec: Record<string, unknown> } } };
    const { spec } = object.spec.template;
    change((spec.containers as Record<string, unknown>[])[0] ?? {}, spec);
    return object;
  };
  it.each<[string, object]>([
    [
      'spec.template.spec.volumes',
      template((_, spec) => {
        spec.volumes = [{ name: 'v', emptyDir: {} }];
      }),
    ],
    [
      'spec.template.spec.containers[0].livenessProbe',
      template((container) => {
        container.livenessProbe = {};
      }),
    ],
    [
      'spec.template.spec.containers[0].readinessProbe',
      template((container) => {
        container.readinessProbe = { exec: {} };
      }),
    ],
    [
      'spec.template.spec.containers',
      template((container, spec) => {
        spec.containers = [container, container];
      }),
    ],
    ['spec.minReadySeconds', web('odd', { spec: { minReadySeconds: 5 } })],
    ['spec.selector', web('odd', { spec: { selector: {} } })],
    ['spec.template.metadata.labels', web('odd', { spec: { selector: { matchLabels: { app: 'other' } } } })],
  ])('is refused by the name of its field: %s', async (field, body) => {
    const answer = await create(body, DEPLOYMENTS);
    expect(answer).toMatchObject({ status: 422, body: { reason: 'Invalid' } });
    expect(answer.body.message).toContain(`: ${field}: `);
  });

  it('does not change its selector', async () => {
    test.cluster.apply(web('fixed', { replicas: 0 }));
    const change = {
      spec: {
        selector: { matchLabels: { app: 'fixed', more: 'x' } },
        template: { metadata: { labels: { more: 'x' } } },
      },
    };
    expect((await merge(`${DEPLOYMENTS}/fixed`, change)).body.message).toContain('field is immutable');
  });

  it('nor is it run by server-side apply, a dry run, or as a bare pod', async () => {
    const apply = { method: 'PATCH', type: 'application/apply-patch+yaml', body: {} };
    expect((await ask(test, `${DEPLOYMENTS}/fixed`, apply)).status).toBe(415);
    expect((await create(configMap('dry', {}), `${MAPS}?dryRun=All`)).status).toBe(400);
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bare' }, spec: {} };
    expect((await create(pod, '/api/v1/namespaces/shop/pods')).status).toBe(400);
  });
});

it('a body in another format than JSON is refused by its type', async () => {
  const type = 'application/vnd.kubernetes.protobuf';
  expect(await ask(test, MAPS, { method: 'POST', type, body: {} })).toMatchObject({ status: 415 });
});

describe('a list', () => {
  it('is chosen by labels and fields', async () => {
    for (const [name, labels] of [
      ['red', { color: 'red' }],
      ['blue', { color: 'blue' }],
      ['plain', {}],
    ] as const)
      await create({ ...configMap(name, {}), metadata: { name, labels } });
    const names = async (query: string): Promise<string[]> => {
      const { body } = await ask(test, `${MAPS}?${new URLSearchParams(query)}`);
      return body.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
    };
    expect(await names('labelSelector=color=red')).toEqual(['red']);
    expect(await names('labelSelector=color!=red,color==blue')).toEqual(['blue']);
    expect(await names('fieldSelector=metadata.name=plain')).toEqual(['plain']);
    expect((await ask(test, `${MAPS}?labelSelector=${encodeURIComponent('a b c')}`)).status).toBe(400);
  });

  it('of a namespace does not show another of the same beginning', async () => {
    test.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shopping' } });
    test.cluster.apply({ ...configMap('elsewhere', {}), metadata: { name: 'elsewhere', namespace: 'shopping' } });
    const { body } = await ask(test, MAPS);
    expect(body.items.map((item: { metadata: { name: string } }) => item.metadata.name)).not.toContain('elsewhere');
  });
});

describe('a watch', () => {
  const watch = async (query: string): Promise<{ next(): Promise<{ type: string; name: string }>; end(): void }> => {
    const { endpoint, authority } = test.cluster;
    const headers = { authorization: `Bearer ${tokenOf(test)}` };
    const asked = request(`${endpoint}${MAPS}?watch=true&${query}`, { ca: authority, headers, agent: false });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on('response', resolve).on('error', reject).end();
    });
    const lines = createInterface({ input: response })[Symbol.asyncIterator]();
    return {
      next: async () => {
        const { type, object } = JSON.parse((await lines.next()).value ?? '');
        return { type, name: object.metadata?.name ?? object.reason };
      },
      end: () => asked.destroy(),
    };
  };

  it('tells what happened since a version, and then what happens; what leaves a selector is gone', async () => {
    const since = test.cluster.store.version();
    await create({ ...configMap('seen', {}), metadata: { name: 'seen', labels: { watched: 'yes' } } });
    const watching = await watch(`resourceVersion=${since}&labelSelector=${encodeURIComponent('watched=yes')}`);
    expect(await watching.next()).toEqual({ type: 'ADDED', name: 'seen' });
    await merge(`${MAPS}/seen`, { data: { B: 'b' } });
    expect(await watching.next()).toEqual({ type: 'MODIFIED', name: 'seen' });
    await merge(`${MAPS}/seen`, { metadata: { labels: null } });
    expect(await watching.next()).toEqual({ type: 'DELETED', name: 'seen' });
    watching.end();
  });

  it('that names no version begins with what there is', async () => {
    const watching = await watch(`fieldSelector=${encodeURIComponent('metadata.name=red')}`);
    expect(await watching.next()).toEqual({ type: 'ADDED', name: 'red' });
    watching.end();
  });

  it('from a version that is forgotten is told to list again', async () => {
    test.cluster.apply(configMap('busy', { N: '0' }));
    for (let n = 1; n <= 5_100; n++) test.cluster.apply(configMap('busy', { N: `${n}` }));
    expect(await ask(test, `${MAPS}?watch=true&resourceVersion=3`)).toMatchObject({
      status: 410,
      body: { reason: 'Expired' },
    });
  });
});
