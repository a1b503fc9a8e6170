import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../../../functions/recovery/switch-workloads.ts';
import type { Pod } from '../../../local/services/eks/api/objects.ts';
import { CONFIG_MAPS, DEPLOYMENTS, PODS } from '../../../local/services/eks/api/resources.ts';
import {
  actAs,
  admit,
  configMap,
  startCluster,
  type TestCluster,
  type WebOptions,
  web,
} from '../../support/cluster.ts';
import { contextFor } from '../../support/lambda-context.ts';
import { ID, type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

// Processes start slowly where many others run.
vi.setConfig({ testTimeout: 120_000 });
vi.mock('#platform', () => import('../../support/workloads.config.ts'));

const ENDPOINTS = {
  DATABASE_HOST: 'db.us-west-2.example',
  DATABASE_PORT: '5432',
  CACHE_HOST: 'cache.us-west-2.example',
  CACHE_PORT: '6379',
};

let test: TestCluster;
let platform: RecoveryRegion;
beforeAll(async () => {
  test = await startCluster();
  await admit(test, 'recovery');
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(async () => {
  platform = recoveryRegion();
  actAs(test, 'recovery');
  await platform.declared();
  await platform.finished('database', { host: ENDPOINTS.DATABASE_HOST, port: 5432, instance: 'shop-db' });
  await platform.finished('cache', { host: ENDPOINTS.CACHE_HOST, port: 6379 });
  test.cluster.apply(configMap('shop-endpoints', { DATABASE_HOST: 'db.us-east-1.example', LOG_LEVEL: 'info' }));
});
afterEach(async () => {
  test.world.faults.clear();
  const { store } = test.cluster;
  for (const resource of [DEPLOYMENTS, CONFIG_MAPS])
    for (const object of store.list(resource, 'shop')) store.remove(resource, object);
  await test.until(() => store.list(PODS).length === 0);
  vi.useRealTimers();
});

type Answer = { done: boolean; found?: string; facts?: Record<string, unknown> };
const call = async (): Promise<Answer> =>
  (await handler({ failoverId: ID }, contextFor('recoverySwitchWorkloads'))) as Answer;
/** Calls the phase as the machine does: again, whenever the cluster has moved on. */
const untilDone = async (step: () => Promise<Answer> = call): Promise<Answer> => {
  for (;;) {
    const { store } = test.cluster;
    const moved = new Promise<void>((resolve) => {
      const stop = store.watch(store.version(), () => {
        stop();
        resolve();
      });
    });
    const answer = await step();
    if (answer.done) return answer;
    await moved;
  }
};
const standby = (options: WebOptions = {}): void => {
  const envFrom = [{ configMapRef: { name: 'shop-endpoints' } }];
  for (const name of ['web', 'worker']) test.cluster.apply(web(name, { replicas: 0, envFrom, ...options }));
};
const content = () => test.cluster.store.named(CONFIG_MAPS, 'shop', 'shop-endpoints').data;
/** Without those that are ending: a rollout is complete before the last old pod is gone, as `kubectl rollout status` sees it. */
const names = (name: string): string[] =>
  test.pods(name).flatMap(({ metadata }) => (metadata.deletionTimestamp ? [] : metadata.name));
const crashing = ({ status }: Pod): boolean =>
  status.containerStatuses[0]?.state.waiting?.reason === 'CrashLoopBackOff';
/** Region time passes, and what was due in it happens. */
const later = async (seconds: number): Promise<void> => {
  platform.setTime(new Date(Date.now() + seconds * 1000));
  await test.world.clock.advanceTo(test.world.clock.now());
};
describe('the workloads of a standby', () => {
  it('run their replicas with the new endpoints, and everything else of the config map as it was', async () => {
    standby();
    expect(await call()).toMatchObject({ done: false, found: expect.stringContaining('web: ') });
    expect(await untilDone()).toMatchObject({
      phase: 'workloads',
      facts: {
        cluster: 'shop',
        endpoints: ENDPOINTS,
        deployments: [
          { name: 'web', replicas: 2, available: 2 },
          { name: 'worker', replicas: 1, available: 1 },
        ],
      },
    });
    expect(content()).toEqual({ ...ENDPOINTS, LOG_LEVEL: 'info' });
    expect(platform.record('workloads')).toMatchObject({ endedAt: expect.any(String) });
  });

  it('that run already with other endpoints are replaced, once', async () => {
    standby({ replicas: 1 });
    await test.rolledOut('web');
    const before = names('web');
    await untilDone();
    const after = names('web');
    expect(after.some((name) => before.includes(name))).toBe(false);
    expect(test.deployment('web').metadata.generation).toBe(2);
  });

  it('that run with these endpoints already are left alone by the next failover', async () => {
    standby();
    await untilDone();
    const pods = names('web');
    await platform.declared({ failoverId: 'failover-2', epoch: 2 });
    for (const of of ['database', 'cache'] as const) {
      const { facts } = platform.record(of);
      await platform.finished(of, facts, 'failover-2');
    }
    await handler({ failoverId: 'failover-2' }, contextFor('recoverySwitchWorkloads'));
    expect(names('web')).toEqual(pods);
    expect(test.deployment('web').metadata.generation).toBe(2);
  });

  it('that were scaled beyond their replicas stay so', async () => {
    standby({ replicas: 3 });
    await untilDone();
    expect(test.deployment('web').spec.replicas).toBe(3);
  });
});

describe('the phase', () => {
  it('ends the same wherever it is cut off, and changes nothing twice', async () => {
    standby();
    let cut = 0;
    const step = async (): Promise<Answer> => {
      const heal = test.world.faults.add(
        { service: 'kubernetes' },
        { kind: 'drop', when: 'after' },
        { skip: cut, times: 1 },
      );
      try {
        return await call();
      } catch (error) {
        expect(error).toMatchObject({ name: 'ClusterUnreachable' });
        cut += 1;
        return { done: false };
      } finally {
        heal();
      }
    };
    await untilDone(step);
    expect(cut).toBeGreaterThanOrEqual(5);
    expect(content()).toEqual({ ...ENDPOINTS, LOG_LEVEL: 'info' });
    for (const name of ['web', 'worker']) expect(test.deployment(name).metadata.generation).toBe(2);
  });

  it('touches nothing for a failover that lost the platform', async () => {
    standby();
    await platform.declared({ failoverId: 'another' });
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    expect(content()).toEqual({ DATABASE_HOST: 'db.us-east-1.example', LOG_LEVEL: 'info' });
  });

  it('touches nothing where another failover took the platform while the cluster was looked up', async () => {
    standby();
    const { operations } = test.region.eks;
    const { DescribeCluster: describeCluster } = operations;
    operations.DescribeCluster = async (...asked) => {
      await platform.declared({ failoverId: 'another' });
      return describeCluster?.(...asked);
    };
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    operations.DescribeCluster = describeCluster as typeof operations.DescribeCluster;
    expect(content()).toEqual({ DATABASE_HOST: 'db.us-east-1.example', LOG_LEVEL: 'info' });
    expect(test.deployment('web').metadata.generation).toBe(1);
  });

  it('touches nothing in a rehearsal, and says what it found', async () => {
    standby();
    await platform.declared({ kind: 'drill' });
    expect(await call()).toMatchObject({
      done: true,
      facts: { rehearsal: true, endpoints: ENDPOINTS, found: { DATABASE_HOST: 'db.us-east-1.example' } },
    });
    expect(content()).toEqual({ DATABASE_HOST: 'db.us-east-1.example', LOG_LEVEL: 'info' });
    expect(test.deployment('web').metadata.generation).toBe(1);
  });

  it('does not begin without knowing where the database is', async () => {
    standby();
    await platform.finished('database', { instance: 'shop-db' });
    await expect(call()).rejects.toMatchObject({
      name: 'EndpointsUnknown',
      message: expect.stringContaining('the phase "database" has not said'),
    });
    expect(test.deployment('web').metadata.generation).toBe(1);
  });

  it('names a deployment that is not there', async () => {
    test.cluster.apply(web('web'));
    await expect(call()).rejects.toMatchObject({
      name: 'KubernetesObjectMissing',
      message: expect.stringContaining('shop, namespace shop, deployment worker'),
    });
  });
});

describe('pods that crash', () => {
  it('are named with their words while Kubernetes still waits', async () => {
    standby({ env: { CRASH: 'no table orders' } });
    await call();
    await test.until(() => test.pods('web').some(crashing));
    const { done, found } = await call();
    expect(done).toBe(false);
    expect(found).toMatch(/web: .*exit code 3: cannot start: no table orders/s);
  });

  it('end in a named failure once Kubernetes gives up', async () => {
    standby({ env: { CRASH: 'no table orders' } });
    await call();
    await test.until(() => test.pods('web').some(crashing));
    await later(601);
    const failure = await call().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: 'RolloutFailed' });
    expect((failure as Error).message).toMatch(/Expected "?web with 2 available replicas, worker with 1/);
    expect((failure as Error).message).toMatch(/timed out progressing.*cannot start: no table orders/s);
    expect(platform.record('workloads').endedAt).toBeUndefined();
  });

  it('are started anew by the redrive, which is done once the cause is gone', async () => {
    const envFrom = [{ configMapRef: { name: 'shop-endpoints' } }, { configMapRef: { name: 'cause', optional: true } }];
    test.cluster.apply(configMap('cause', { CRASH: 'no table orders' }));
    standby({ envFrom });
    await call();
    await test.until(() => test.pods('web').some(crashing));
    await later(601);
    await expect(call()).rejects.toMatchObject({ name: 'RolloutFailed' });
    const failed = names('web');

    test.cluster.store.remove(CONFIG_MAPS, test.cluster.store.named(CONFIG_MAPS, 'shop', 'cause'));
    expect(await untilDone()).toMatchObject({ done: true });
    expect(names('web').some((name) => failed.includes(name))).toBe(false);
  });

  it('fail the redrive again where the cause is still there, after another deadline', async () => {
    standby({ env: { CRASH: 'no table orders' } });
    await call();
    await test.until(() => test.pods('web').some(crashing));
    await later(601);
    await expect(call()).rejects.toMatchObject({ name: 'RolloutFailed' });
    expect(await call()).toMatchObject({ done: false });
    await test.until(() => test.pods('web').some(crashing));
    await later(601);
    await expect(call()).rejects.toMatchObject({ name: 'RolloutFailed' });
  });
});
