import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RbacRole } from '../../../local/services/eks/api/objects.ts';
import { CONFIG_MAPS, DEPLOYMENTS, EVENTS, ROLES } from '../../../local/services/eks/api/resources.ts';
import { openCluster } from '../../../shared/kubernetes/clusters.ts';
import type { Kubernetes } from '../../../shared/kubernetes/kubernetes.ts';
import {
  actAs,
  admit,
  configMap,
  PERMISSIONS,
  POD_PORT,
  startCluster,
  type TestCluster,
  web,
} from '../../support/cluster.ts';

let test: TestCluster;
let kubernetes: Kubernetes;
beforeAll(async () => {
  test = await startCluster();
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(async () => {
  test.world.faults.clear();
  actAs(test, 'recovery');
  for (const name of test.cluster.store.list(DEPLOYMENTS)) test.cluster.store.remove(DEPLOYMENTS, name);
  await test.until(() => test.pods('web').length === 0);
  if (!test.cluster.entries.has(`arn:aws:iam::${test.world.account}:role/recovery`)) await admit(test, 'recovery');
  test.cluster.apply(configMap('endpoints', { DATABASE_HOST: 'old', OTHER: 'kept' }));
  kubernetes = await openCluster('shop', 'us-west-2');
});

const warnings = (): string[] => test.cluster.store.list(EVENTS, 'shop').map(({ message }) => String(message));
const data = () => test.cluster.store.named(CONFIG_MAPS, 'shop', 'endpoints').data;

describe('a config map', () => {
  it('is read', async () => {
    await expect(kubernetes.configMap('shop', 'endpoints')).resolves.toEqual({ DATABASE_HOST: 'old', OTHER: 'kept' });
  });

  it('gets the keys it is told, and keeps the others; said twice, it is not written again', async () => {
    await kubernetes.patchConfigMap('shop', 'endpoints', { DATABASE_HOST: 'new' });
    const version = test.cluster.store.version();
    await kubernetes.patchConfigMap('shop', 'endpoints', { DATABASE_HOST: 'new' });

    expect(data()).toEqual({ DATABASE_HOST: 'new', OTHER: 'kept' });
    expect(test.cluster.store.named(CONFIG_MAPS, 'shop', 'endpoints').metadata.resourceVersion).toBe(version);
  });

  it('that is not there is named with its cluster and namespace', async () => {
    await expect(kubernetes.patchConfigMap('shop', 'nothing', {})).rejects.toMatchObject({
      name: 'KubernetesObjectMissing',
      message: expect.stringContaining('shop, namespace shop, configmap nothing: the cluster has no such object.'),
    });
  });
});

describe('a deployment', () => {
  it('is scaled, and complete once its pods are ready', async () => {
    test.cluster.apply(web('web', { replicas: 1 }));
    await test.rolledOut('web');
    await kubernetes.scale('shop', 'web', 3);
    expect(await kubernetes.rollout('shop', 'web')).toMatchObject({ replicas: 3 });
    await test.rolledOut('web');

    const rollout = await kubernetes.rollout('shop', 'web');
    expect(rollout).toMatchObject({ replicas: 3, updated: 3, ready: 3, available: 3 });
    expect(rollout.waitingFor).toBeUndefined();
    expect(rollout.selector).toBe('app=web');
  });

  it('replaces its pods when an annotation of theirs is new, and not when it is said again', async () => {
    test.cluster.apply(web('web'));
    await test.rolledOut('web');
    const before = test.pods('web').map(({ metadata }) => metadata.name);
    await kubernetes.restart('shop', 'web', { 'lifeboat/config': 'one' });
    expect((await kubernetes.rollout('shop', 'web')).annotations).toEqual({ 'lifeboat/config': 'one' });
    await test.rolledOut('web');
    const after = test.pods('web').map(({ metadata }) => metadata.name);
    await kubernetes.restart('shop', 'web', { 'lifeboat/config': 'one' });

    expect(after).not.toEqual(before);
    expect(test.deployment('web').metadata.generation).toBe(2);
  });

  it('says what it waits for while its pods are not ready, and why each is not', async () => {
    test.cluster.apply(web('web', { env: { SICK: 'yes' } }));
    await test.until(() => test.pods('web')[0]?.status.phase === 'Running');
    const rollout = await kubernetes.rollout('shop', 'web');

    expect(rollout.waitingFor).toBe('0 of 1 updated replicas are available');
    await test.until(() => warnings().some((text) => text.includes('503')));
    const [pod] = await kubernetes.pods('shop', rollout);
    expect(pod).toMatchObject({
      ready: false,
      reason: 'NotReady',
      message: 'Readiness probe failed: HTTP probe failed with statuscode: 503',
    });
  });

  it('whose pods crash says with which words they ended', async () => {
    test.cluster.apply(web('web', { env: { CRASH: 'no database' } }));
    await test.until(
      () => test.pods('web')[0]?.status.containerStatuses[0]?.state.waiting?.reason === 'CrashLoopBackOff',
    );
    const [pod] = await kubernetes.pods('shop', { selector: 'app=web' });

    expect(pod).toMatchObject({ ready: false, reason: 'CrashLoopBackOff' });
    expect(pod?.message).toMatch(
      /^back-off restarting failed container=web .*; last exit code 3: cannot start: no database$/,
    );
  });

  it('whose deadline passed without progress has failed, as Kubernetes says', async () => {
    test.cluster.apply(web('web', { env: { CRASH: 'yes' }, spec: { progressDeadlineSeconds: 60 } }));
    await test.until(
      () => test.pods('web')[0]?.status.containerStatuses[0]?.state.waiting?.reason === 'CrashLoopBackOff',
    );
    await test.world.clock.advanceTo(new Date(test.world.clock.now().getTime() + 61_000));

    expect((await kubernetes.rollout('shop', 'web')).failed).toBe('Deployment "web" has timed out progressing.');
  });
});

describe('a service', () => {
  it('has the addresses of its ready pods', async () => {
    test.cluster.apply(web('web', { replicas: 2 }));
    test.cluster.apply({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    });
    await test.rolledOut('web');
    await test.world.clock.settled();

    const addresses = test.pods('web').map(({ status }) => `${status.podIP}:${POD_PORT}`);
    expect((await kubernetes.endpoints('shop', 'web')).toSorted()).toEqual(addresses.toSorted());
  });
});

describe('a cluster', () => {
  it('that EKS does not know is named with its region', async () => {
    await expect(openCluster('nowhere', 'us-west-2')).rejects.toMatchObject({
      name: 'ClusterMissing',
      message: expect.stringContaining('nowhere in us-west-2'),
    });
  });

  it('that does not know the role says so, and what to create', async () => {
    await test.eks('DeleteAccessEntry', {
      clusterName: 'shop',
      principalArn: `arn:aws:iam::${test.world.account}:role/recovery`,
    });
    await expect((await openCluster('shop', 'us-west-2')).configMap('shop', 'endpoints')).rejects.toMatchObject({
      name: 'ClusterAccessDenied',
      message: expect.stringMatching(/Found "?401 Unauthorized.*Create an access entry/),
    });
  });

  it('that refuses a verb names the permission that is missing', async () => {
    const role = test.cluster.store.named<RbacRole>(ROLES, 'shop', 'lifeboat');
    test.cluster.store.change<RbacRole>(ROLES, role, (draft) => {
      draft.rules = (draft.rules ?? []).map((rule) => ({
        ...rule,
        verbs: rule.verbs.filter((verb) => verb !== 'patch'),
      }));
    });
    await expect(kubernetes.patchConfigMap('shop', 'endpoints', { A: 'b' })).rejects.toMatchObject({
      name: 'ClusterAccessDenied',
      message: expect.stringContaining('cannot patch resource "configmaps" in API group "" in the namespace "shop"'),
    });
    for (const manifest of PERMISSIONS) test.cluster.apply(manifest);
  });

  it.each([
    ['cuts the connection', { kind: 'drop' as const, when: 'before' as const }],
    ['is busy', { kind: 'error' as const, code: 'TooManyRequests', status: 429, when: 'before' as const }],
    ['has lost its store', { kind: 'error' as const, code: 'InternalError', status: 500, when: 'before' as const }],
  ])('that %s cannot be reached, which is worth another try', async (_, action) => {
    test.world.faults.add({ service: 'kubernetes', operation: 'get configmaps' }, action);
    await expect(kubernetes.configMap('shop', 'endpoints')).rejects.toMatchObject({ name: 'ClusterUnreachable' });
  });

  it('that never answers is given up with the function that asked', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { endpoint } = test.cluster;
    test.cluster.endpoint = `https://127.0.0.1:${(silent.address() as { port: number }).port}`;
    const ending = new AbortController();
    const asked = (await openCluster('shop', 'us-west-2', ending.signal)).configMap('shop', 'endpoints');
    silent.once('connection', () => ending.abort(new Error('out of time')));
    await expect(asked).rejects.toMatchObject({ name: 'ClusterUnreachable' });
    test.cluster.endpoint = endpoint ?? '';
    silent.close();
  });

  it('refuses what it does not understand, with its words', async () => {
    test.cluster.apply(web('web'));
    await expect(kubernetes.scale('shop', 'web', -1)).rejects.toMatchObject({
      name: 'KubernetesRefused',
      message: expect.stringContaining('spec.replicas must be a whole number'),
    });
  });
});
