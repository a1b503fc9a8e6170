import { describe, expect, it } from 'vitest';
import type { Json } from '../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, named } from '../local/services/step-functions/support.ts';
import { machineOf } from './definitions.ts';

const machine = machineOf('failover');
const ID = 'failover-1';

type Event = Record<string, Json>;
type Answers = Record<string, (event: Event) => unknown>;

const DECLARED = {
  failoverId: ID,
  facts: {
    path: [
      'fence',
      'database',
      'cache',
      'streams',
      'infrastructure',
      'workloads',
      'dns',
      'health',
      'monitoring',
      'validate',
    ],
    limits: {
      fence: 360,
      database: 2700,
      cache: 900,
      streams: 5400,
      infrastructure: 5400,
      workloads: 1800,
      dns: 900,
      health: 900,
      monitoring: 900,
      validate: 1800,
    },
    approval: { mode: 'required', seconds: 900 },
  },
};
const done = (facts: object = {}) => ({ done: true, facts });
const later = (phase: string) => ({ phase, done: false, waitSeconds: 2, found: 'not yet' });
/** Function, state and phase of each loop. */
const LOOPS = [
  ['recoveryFence', 'Fence the old primary', 'fence'],
  ['recoveryPromoteDatabase', 'Promote the database', 'database'],
  ['recoveryRestoreCache', 'Restore the cache', 'cache'],
  ['recoverySwitchStreams', 'Switch the streams', 'streams'],
  ['recoveryBuildInfrastructure', 'Build the infrastructure', 'infrastructure'],
  ['recoverySwitchWorkloads', 'Bring up the workloads', 'workloads'],
  ['recoverySwitchDns', 'Switch the names', 'dns'],
  ['recoveryCheckHealth', 'Check health', 'health'],
  ['recoverySwitchMonitoring', 'Switch monitoring', 'monitoring'],
  ['recoveryValidate', 'Validate', 'validate'],
] as const;
const throws = (name: string) => () => {
  throw named(name, `${name} happened`);
};

/** The machine before functions that answer so; `given` decides as soon as people are asked. */
const failover = (answers: Answers = {}, decide?: (token: string) => void) => {
  const asked: string[] = [];
  const payloads: Record<string, Event[]> = {};
  let granted = false;
  const good: Answers = {
    recoveryDeclare: () => DECLARED,
    recoveryAwaitApproval: ({ token }) => {
      if (typeof token === 'string') {
        granted = true;
        setImmediate(() =>
          decide ? decide(token) : void region.ask('SendTaskSuccess', { taskToken: token, output: '{}' }),
        );
      }
      return granted ? done({ decision: 'granted' }) : later('approve');
    },
    recoveryFence: () => done({ confirmed: true }),
    recoveryPromoteDatabase: () => done({ instance: 'shop-db-replica' }),
    recoveryRestoreCache: () => done({ replicationGroup: 'shop-cache' }),
    recoverySwitchStreams: () => done({ records: 7 }),
    recoveryBuildInfrastructure: () => done({ project: 'shop-infrastructure' }),
    recoverySwitchWorkloads: () => done(),
    recoverySwitchDns: () => done(),
    recoveryCheckHealth: () => done(),
    recoverySwitchMonitoring: () => done(),
    recoveryValidate: () => done(),
    recoveryAnnounce: ({ trouble, redriven }) => {
      if (!trouble) return done({ rtoSeconds: 12 });
      if (redriven) return { goOn: true };
      throw named('FailoverStopped', 'people were told');
    },
    ...answers,
  };
  const region = createTestRegion({
    'lambda.Invoke': functions(
      Object.fromEntries(
        Object.keys(good).map((name) => [
          name,
          (event: Json) => {
            asked.push(name);
            payloads[name] = [...(payloads[name] ?? []), event as Event];
            return good[name]?.(event as Event) as Json;
          },
        ]),
      ),
    ),
  });
  const input = { failoverId: ID, reason: 'it is dark there' };
  return {
    ...region,
    asked,
    payloads,
    answers: good,
    begin: () => region.run(machine, input, 86_000),
    redrive: async (executionArn: string) => {
      await region.ask('RedriveExecution', { executionArn });
      await region.clock.skip(86_000);
      return region.describe(executionArn);
    },
    trouble: () => payloads.recoveryAnnounce?.at(-1)?.trouble as { state: string; error: string; cause: string },
  };
};

describe('failover', () => {
  it('goes from phase to phase in their order, and ends with what it took', async () => {
    const { begin, asked } = failover();
    expect(await begin()).toMatchObject({ status: 'SUCCEEDED', output: { rtoSeconds: 12 } });
    expect(asked).toEqual([
      'recoveryDeclare',
      'recoveryAwaitApproval',
      'recoveryAwaitApproval',
      'recoveryAwaitApproval',
      'recoveryFence',
      'recoveryPromoteDatabase',
      'recoveryRestoreCache',
      'recoverySwitchStreams',
      'recoveryBuildInfrastructure',
      'recoverySwitchWorkloads',
      'recoverySwitchDns',
      'recoveryCheckHealth',
      'recoverySwitchMonitoring',
      'recoveryValidate',
      'recoveryAnnounce',
    ]);
  });

  it('tells every phase which failover it is, and the declaration who runs it and what it was asked', async () => {
    const { begin, payloads } = failover();
    const { executionArn } = await begin();
    expect(payloads.recoveryDeclare).toEqual([{ failoverId: ID, reason: 'it is dark there', execution: executionArn }]);
    expect([payloads.recoveryFence, payloads.recoveryPromoteDatabase]).toEqual([
      [{ failoverId: ID }],
      [{ failoverId: ID }],
    ]);
    expect(payloads.recoveryAnnounce).toEqual([{ failoverId: ID, execution: executionArn }]);
  });

  it.each(LOOPS)('calls %s until it is done', async (name, _, phase) => {
    let calls = 0;
    const { begin } = failover({ [name]: () => (++calls < 4 ? later(phase) : done()) });
    expect((await begin()).status).toBe('SUCCEEDED');
    expect(calls).toBe(4);
  });

  it.each(LOOPS)('stops %s when it takes longer than its limit', async (name, _, phase) => {
    const { begin, trouble, clock } = failover({ [name]: () => later(phase) });
    const started = clock.now().getTime();
    const ended = await begin();
    expect(ended).toMatchObject({ status: 'FAILED', error: 'FailoverStopped' });
    expect(trouble()).toMatchObject({ error: 'PhaseOverdue', cause: expect.stringContaining('not yet') });
    expect(trouble().state).toContain(phase);
    const seconds = (Number(ended.stopDate?.getTime()) - started) / 1000;
    expect(seconds).toBeGreaterThan(DECLARED.facts.limits[phase]);
    expect(seconds).toBeLessThan(DECLARED.facts.limits[phase] + 10);
  });

  it.each([
    [['workloads'], ['recoveryRestoreCache', 'recoveryBuildInfrastructure', 'recoverySwitchDns']],
    [
      ['infrastructure'],
      ['recoveryRestoreCache', 'recoverySwitchStreams', 'recoverySwitchWorkloads', 'recoverySwitchDns'],
    ],
    [['cache', 'dns'], ['recoverySwitchWorkloads']],
    [[], ['recoveryRestoreCache', 'recoverySwitchWorkloads', 'recoverySwitchDns']],
  ])('passes over what the configuration has nothing for: with %s it calls no %s', async (path, without) => {
    const facts = { ...DECLARED.facts, path: ['fence', 'database', ...path, 'health', 'monitoring', 'validate'] };
    const { begin, asked } = failover({ recoveryDeclare: () => ({ ...DECLARED, facts }) });
    expect((await begin()).status).toBe('SUCCEEDED');
    for (const name of without) expect(asked).not.toContain(name);
    expect(asked).toContain('recoveryCheckHealth');
  });

  it.each<[string, string]>([
    ['recoveryDeclare', 'Declare the failover'],
    ['recoveryAwaitApproval', 'Read the decision'],
    ...LOOPS.map(([name, state]): [string, string] => [name, state]),
    ['recoveryAnnounce', 'Announce it'],
  ])('stops where %s fails by a name, says so, and goes on when it is redriven', async (name, state) => {
    const broken = failover();
    const good = broken.answers[name] as (event: Event) => unknown;
    let mended = false;
    broken.answers[name] = (event) => {
      if (!mended && !event.trouble) throw named('InstanceUnusable', 'it is broken');
      return good(event);
    };
    const { executionArn, status, error } = await broken.begin();
    expect([status, error]).toEqual(['FAILED', 'FailoverStopped']);
    expect(broken.trouble()).toMatchObject({ state, error: 'InstanceUnusable' });
    expect(broken.trouble().cause).toContain('it is broken');
    mended = true;
    expect(await broken.redrive(executionArn as string)).toMatchObject({ status: 'SUCCEEDED' });
    expect(broken.asked.filter((of) => of === 'recoveryDeclare').length).toBeGreaterThanOrEqual(2);
  });

  it('brings up the one where the other fails, says all where all do, and a redrive does what is left', async () => {
    let broken = true;
    const fails = (of: string) => () => {
      if (broken) throw named(of, `${of} happened`);
      return done();
    };
    const { begin, redrive, trouble, asked } = failover({
      recoveryPromoteDatabase: fails('InstanceUnusable'),
      recoveryRestoreCache: fails('RecoveryPointMissing'),
      recoveryBuildInfrastructure: fails('InfrastructureNotBuilt'),
    });
    const { executionArn = '' } = await begin();
    expect(trouble()).toMatchObject({
      ...{ state: 'Promote the database', error: 'InstanceUnusable' },
      also: [
        { state: 'Restore the cache', error: 'RecoveryPointMissing' },
        { state: 'Build the infrastructure', error: 'InfrastructureNotBuilt' },
      ],
    });
    expect(asked).not.toContain('recoverySwitchWorkloads');
    broken = false;
    expect((await redrive(executionArn)).status).toBe('SUCCEEDED');
  });

  it('stops again where a redrive finds the cause unmended, and can be redriven again', async () => {
    let tries = 0;
    const { begin, redrive, payloads } = failover({
      recoveryFence: () => {
        if (++tries < 3) throw named('NotFenced', 'it answers');
        return done();
      },
    });
    const { executionArn = '' } = await begin();
    expect((await redrive(executionArn)).status).toBe('FAILED');
    expect((await redrive(executionArn)).status).toBe('SUCCEEDED');
    const told = payloads.recoveryAnnounce?.filter(({ trouble, redriven }) => trouble && !redriven);
    expect(told).toHaveLength(2);
  });

  it('gives a phase its whole time again after a redrive', async () => {
    let calls = 0;
    const {
      ask,
      clock,
      start,
      describe: found,
    } = failover({ recoveryFence: () => (++calls > 3 ? done() : later('fence')) });
    const executionArn = await start(machine, { failoverId: ID, reason: 'dark' });
    await clock.skip(3);
    await ask('StopExecution', { executionArn });
    await clock.skip(40_000);
    await ask('RedriveExecution', { executionArn });
    await clock.skip(60);
    expect(await found(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it.each(['Throttling', 'DatabaseUnreachable', 'Runtime.ExitError', 'DocumentContended'])(
    'tries again what fails by %s',
    async (error) => {
      let tries = 0;
      const { begin } = failover({
        recoveryPromoteDatabase: () => {
          if (++tries < 5) throw named(error);
          return done();
        },
      });
      expect((await begin()).status).toBe('SUCCEEDED');
    },
  );

  it.each([
    ['recoveryPromoteDatabase', 'InsufficientDBInstanceCapacityFault'],
    ['recoveryRestoreCache', 'InsufficientCacheClusterCapacityFault'],
    ['recoveryBuildInfrastructure', 'AccountLimitExceededException'],
  ])('waits for room where %s finds none, and stops where none comes', async (name, error) => {
    let tries = 0;
    const enough = failover({ [name]: () => (++tries < 6 ? throws(error)() : done()) });
    expect((await enough.begin()).status).toBe('SUCCEEDED');
    const never = failover({ [name]: throws(error) });
    const { status, startDate, stopDate } = await never.begin();
    expect([status, never.trouble().error]).toEqual(['FAILED', error]);
    expect((Number(stopDate) - Number(startDate)) / 1000).toBeLessThan(600);
  });

  it('tries again where the cluster does not answer, and at once gives up a rollout that Kubernetes gave up', async () => {
    let tries = 0;
    const { begin, asked, trouble } = failover({
      recoverySwitchWorkloads: () => {
        throw named(++tries < 3 ? 'ClusterUnreachable' : 'RolloutFailed');
      },
    });
    expect((await begin()).status).toBe('FAILED');
    expect(trouble()).toMatchObject({ state: 'Bring up the workloads', error: 'RolloutFailed' });
    expect(asked.filter((name) => name === 'recoverySwitchWorkloads')).toHaveLength(3);
  });

  it('waits for people no longer than the deadline, then reads what was decided', async () => {
    const { begin, payloads, trouble } = failover(
      { recoveryAwaitApproval: ({ waited }) => (waited ? throws('ApprovalMissing')() : later('approve')) },
      () => undefined,
    );
    const { startDate, stopDate } = await begin();
    expect(trouble()).toMatchObject({ state: 'Read the decision', error: 'ApprovalMissing' });
    expect(payloads.recoveryAwaitApproval?.map(({ token, waited }) => (token ? 'asked' : waited))).toEqual([
      false,
      'asked',
      true,
    ]);
    expect((Number(stopDate) - Number(startDate)) / 1000).toBe(905);
  });

  it('asks nobody where the decision is there already', async () => {
    const { begin, payloads } = failover({ recoveryAwaitApproval: () => done({ decision: 'pre-authorised' }) });
    expect((await begin()).status).toBe('SUCCEEDED');
    expect(payloads.recoveryAwaitApproval).toEqual([{ failoverId: ID, waited: false }]);
  });

  it('fails by its own name where even that could not be told', async () => {
    const { begin } = failover({ recoveryFence: throws('NotFenced'), recoveryAnnounce: throws('AuthorizationError') });
    expect(await begin()).toMatchObject({ status: 'FAILED', error: 'AuthorizationError' });
  });
});
