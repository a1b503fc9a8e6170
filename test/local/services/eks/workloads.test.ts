import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../../local/engines/ports.ts';
import { type ContainerStatus, isReady, type Service } from '../../../../local/services/eks/api/objects.ts';
import { EVENTS, NAMESPACES, PODS, SERVICES } from '../../../../local/services/eks/api/resources.ts';
import { configMap, POD_PORT, startCluster, type TestCluster, web } from '../../../support/cluster.ts';
import { ask } from './api.ts';

// Processes start slowly where many others run.
vi.setConfig({ testTimeout: 120_000 });

let test: TestCluster;
beforeEach(async () => {
  test = await startCluster();
});
afterEach(() => test[Symbol.asyncDispose]());

const container = (name: string): ContainerStatus | undefined => test.pods(name)[0]?.status.containerStatuses[0];
const waiting = (name: string): string | undefined => container(name)?.state.waiting?.reason;

/** One request on a connection of its own. */
const fetchFrom = (host: string, port: number, path = '/'): Promise<string> =>
  new Promise((resolve, reject) => {
    get({ host, port, path, agent: false }, (response) => text(response).then(resolve, reject)).on('error', reject);
  });

describe('a pod', () => {
  it('is a process with the environment of its config maps, secrets and fields', async () => {
    test.cluster.apply(configMap('greetings', { GREETING: 'from the map' }));
    test.cluster.apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'login', namespace: 'shop' },
      stringData: { GREETING: 'secret' },
    });
    test.cluster.apply(web('mapped', { envFrom: [{ configMapRef: { name: 'greetings' } }] }));
    test.cluster.apply(web('secret', { envFrom: [{ secretRef: { name: 'login' } }] }));
    await test.rolledOut('mapped');
    await test.rolledOut('secret');

    const answerOf = (name: string) => fetchFrom(test.pods(name)[0]?.status.podIP ?? '', POD_PORT);
    expect(await answerOf('mapped')).toBe(`from the map from ${test.pods('mapped')[0]?.metadata.name}`);
    expect(await answerOf('secret')).toBe(`secret from ${test.pods('secret')[0]?.metadata.name}`);
  });

  it('whose config map is missing waits for it, and starts once it is there', async () => {
    test.cluster.apply(web('late', { envFrom: [{ configMapRef: { name: 'later' } }] }));
    await test.until(() => waiting('late') === 'CreateContainerConfigError');
    expect(container('late')?.state.waiting?.message).toBe('configmap "later" not found');
    test.cluster.apply(configMap('later', { GREETING: 'now' }));
    await test.rolledOut('late');
  });

  it('whose image nobody has says so', async () => {
    test.cluster.apply(web('unknown', { image: 'lifeboat.local/nothing:1' }));
    await test.until(() => waiting('unknown') === 'ImagePullBackOff');
  });

  it('that ends is started again: at once, then after longer and longer', async () => {
    test.cluster.apply(web('crashing', { env: { CRASH: 'yes' } }));
    await test.until(() => waiting('crashing') === 'CrashLoopBackOff');
    expect(container('crashing')?.restartCount).toBe(1);
    await test.until(() => (container('crashing')?.restartCount ?? 0) >= 3);
    expect(container('crashing')?.lastState.terminated).toMatchObject({
      exitCode: 3,
      reason: 'Error',
      message: 'cannot start: yes',
    });
  });

  it('that exits while it serves is not ready until it serves again', async () => {
    test.cluster.apply(web('exiting'));
    await test.rolledOut('exiting');
    await fetchFrom(test.pods('exiting')[0]?.status.podIP ?? '', POD_PORT, '/exit').catch(() => undefined);
    await test.until(() => container('exiting')?.lastState.terminated?.exitCode === 5);
    await test.rolledOut('exiting');
    expect(container('exiting')?.restartCount).toBe(1);
  });

  it('that is deleted is replaced by its deployment', async () => {
    test.cluster.apply(web('deleted'));
    await test.rolledOut('deleted');
    const [before] = test.pods('deleted');
    await ask(test, `/api/v1/namespaces/shop/pods/${before?.metadata.name}`, { method: 'DELETE' });
    await test.until(() => test.pods('deleted').every(({ metadata }) => metadata.name !== before?.metadata.name));
    await test.rolledOut('deleted');
  });

  it('that does not heed SIGTERM is ended when its grace is over', async () => {
    const stubborn = web('stubborn', { env: { STUBBORN: 'yes' } }) as { spec: { template: { spec: object } } };
    Object.assign(stubborn.spec.template.spec, { terminationGracePeriodSeconds: 1 });
    test.cluster.apply(stubborn);
    await test.rolledOut('stubborn');
    test.cluster.apply({ ...stubborn, spec: { ...stubborn.spec, replicas: 0 } });
    await test.until(() => test.pods('stubborn').length === 0);
  });
});

describe('a config map', () => {
  it('that changes does not restart pods: a new template does', async () => {
    test.cluster.apply(configMap('greetings', { GREETING: 'old' }));
    const envFrom = [{ configMapRef: { name: 'greetings' } }];
    test.cluster.apply(web('web', { envFrom }));
    await test.rolledOut('web');
    const answerOf = () => fetchFrom(test.pods('web')[0]?.status.podIP ?? '', POD_PORT);
    test.cluster.apply(configMap('greetings', { GREETING: 'new' }));
    await test.world.clock.settled();
    expect(await answerOf()).toContain('old from');
    test.cluster.apply(web('web', { envFrom, annotations: { restarted: 'now' } }));
    await test.rolledOut('web');
    expect(await answerOf()).toContain('new from');
  });
});

describe('a load balancer', async () => {
  const PORT = await freePort();
  const service = (name: string, port: number, annotations = {}): object => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', annotations },
    spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ port, targetPort: 'http' }] },
  });
  const hostName = (name: string) =>
    test.cluster.store.named<Service>(SERVICES, 'shop', name).status.loadBalancer.ingress?.[0]?.hostname ?? '';
  const ask = (name = 'web', port = PORT) => fetchFrom(test.world.dns.resolve(hostName(name))[0] ?? '', port);

  it('hands requests to the ready pods in turn', async () => {
    test.cluster.apply(service('web', PORT));
    test.cluster.apply(web('web', { replicas: 2 }));
    await test.rolledOut('web');
    await test.world.clock.settled();
    const answers = new Set([await ask(), await ask(), await ask(), await ask()]);
    expect(answers.size).toBe(2);
  });

  it('has an address of its own: two may have the same port', async () => {
    for (const name of ['web', 'other']) {
      test.cluster.apply(service(name, PORT));
      test.cluster.apply(web(name, { env: { GREETING: `this is ${name}` } }));
    }
    await test.rolledOut('web');
    await test.rolledOut('other');
    await test.world.clock.settled();
    expect(await ask('web')).toContain('this is web');
    expect(await ask('other')).toContain('this is other');
  });

  it('refuses connections while no pod is ready', async () => {
    test.cluster.apply(service('web', PORT));
    test.cluster.apply(web('web', { env: { SICK: 'yes' } }));
    await test.until(() => test.pods('web')[0]?.status.phase === 'Running');
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    test.cluster.apply(web('web', { env: { SICK: '' } }));
    await test.rolledOut('web');
    await test.world.clock.settled();
    expect(await ask()).toContain('hello from web');
    test.cluster.apply(web('web', { replicas: 0, env: { SICK: '' } }));
    await test.until(() => test.pods('web').length === 0);
    await test.world.clock.settled();
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('loses no request while a rollout replaces every pod', async () => {
    test.cluster.apply(service('web', PORT));
    test.cluster.apply(
      web('web', { replicas: 2, spec: { strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } } }),
    );
    await test.rolledOut('web');
    await test.world.clock.settled();
    test.cluster.apply(web('web', { replicas: 2, annotations: { version: '2' } }));
    let done = false;
    const rolledOut = test.rolledOut('web').then(() => {
      done = true;
    });
    let answered = 0;
    while (!done) {
      expect(await ask()).toContain('hello from web');
      answered += 1;
    }
    await rolledOut;
    expect(answered).toBeGreaterThan(10);
  });

  it('has a host name of ELB, or the one its annotation gives, and DNS leads there', async () => {
    test.cluster.apply(service('web', PORT));
    test.cluster.apply(service('named', PORT + 1, { 'lifeboat.local/hostname': 'shop.elb.us-west-2.amazonaws.com' }));
    await test.world.clock.settled();
    expect(hostName('web')).toMatch(/^k8s-shop-web-[0-9a-f]{16}\.elb\.us-west-2\.amazonaws\.com$/);
    expect(hostName('named')).toBe('shop.elb.us-west-2.amazonaws.com');
    const { dns } = test.world;
    expect(dns.resolve(hostName('web'))).toHaveLength(1);
    expect(dns.resolve('shop.elb.us-west-2.amazonaws.com')).not.toEqual(dns.resolve(hostName('web')));
    test.cluster.store.remove(SERVICES, test.cluster.store.named(SERVICES, 'shop', 'named'));
    await test.world.clock.settled();
    expect(dns.resolve('shop.elb.us-west-2.amazonaws.com')).toEqual([]);
  });
});

describe('a namespace', () => {
  it('goes with everything that was in it', async () => {
    test.cluster.apply(web('web'));
    test.cluster.apply(configMap('map', {}));
    await test.rolledOut('web');
    await ask(test, '/api/v1/namespaces/shop', { method: 'DELETE' });
    await test.until(() => test.cluster.store.list(PODS).length === 0);
    expect(test.cluster.store.list(EVENTS)).toEqual([]);
    expect(test.cluster.store.get(NAMESPACES, '', 'shop')).toBeUndefined();
  });
});

describe('a region', () => {
  it('that is killed takes its pods, load balancers and API server with it', async () => {
    test.cluster.apply(web('web', { replicas: 2, env: { STUBBORN: 'yes' } }));
    await test.rolledOut('web');
    const addresses = test.pods('web').map(({ status }) => status.podIP ?? '');
    await test.world.killRegion('us-west-2');
    for (const address of addresses)
      await expect(fetchFrom(address, POD_PORT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(ask(test, '/version')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that loses its power ends its pods, and starts them again when it has it back', async () => {
    test.cluster.apply(web('web'));
    await test.rolledOut('web');
    const address = test.pods('web')[0]?.status.podIP ?? '';
    await test.world.cutPower('us-west-2');
    await test.until(() => !test.pods('web').some(isReady));
    await expect(fetchFrom(address, POD_PORT)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(ask(test, '/version')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await test.world.restorePower('us-west-2');
    await test.until(() => test.pods('web').every(isReady));
    expect(await fetchFrom(address, POD_PORT)).toContain('from web');
  });

  it('that is cut off answers nobody outside while its pods go on, and answers again when it is back', async () => {
    const path = '/api/v1/namespaces/shop/pods';
    test.cluster.apply(web('web'));
    await test.rolledOut('web');
    test.world.cutOff('us-west-2');
    await expect(ask(test, path)).rejects.toMatchObject({ code: 'ECONNRESET' });
    test.world.rejoin('us-west-2');
    expect((await ask(test, path)).body.items).toHaveLength(1);
  });
});
