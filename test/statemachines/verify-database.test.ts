import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, named } from '../local/services/step-functions/support.ts';
import { machineOf } from './definitions.ts';

const machine = machineOf('verify-database');

type Answers = Record<string, (event: Json) => Json | Promise<Json>>;

const CHOSEN = {
  source: 'shop-db',
  recoveryPoint: 'shop-db-20261120t020000z-scheduled',
  instance: 'lifeboat-test-shop-db-1',
  deadlineSeconds: 7200,
  checks: [0, 1, 2],
  items: ['schema', 0, 1],
  concurrency: 2,
};

/** Runs the machine; `statuses` are what RDS says of the instance, the last one for ever. */
const verify = async (
  answers: Answers = {},
  statuses = ['creating', 'backing-up', 'available'],
  input: object = {},
) => {
  const asked: string[] = [];
  const payloads: Record<string, Json[]> = {};
  const told =
    (name: string, answer: (event: Json) => Json | Promise<Json>) =>
    (event: Json): Json | Promise<Json> => {
      asked.push(name);
      payloads[name] = [...(payloads[name] ?? []), event];
      return answer(event);
    };
  const good: Answers = {
    verificationChoosePoint: () => CHOSEN,
    verificationRestorePoint: () => ({ instance: CHOSEN.instance, created: true }),
    verificationProbeLogin: () => ({ seconds: 1 }),
    verificationRunCheck: () => ({ name: 'a check', passed: true }),
    verificationCompareFingerprint: () => ({ item: 0, differences: 0 }),
    verificationRemoveInstance: () => ({ instance: CHOSEN.instance, removed: false }),
    verificationConclude: () => ({ verdict: 'PROVEN', reason: 'all of it' }),
    ...answers,
  };
  const seen = [...statuses];
  const region = createTestRegion({
    'lambda.Invoke': functions(
      Object.fromEntries(Object.entries(good).map(([name, answer]) => [name, told(name, answer)])),
    ),
    'rds.DescribeDBInstances': () => ({
      DBInstances: [{ DBInstanceStatus: seen.length > 1 ? seen.shift() : seen[0] }],
    }),
  });
  const ended = await region.run(
    machine,
    { source: 'shop-db', scheduledAt: '2026-11-20T04:00:00Z', ...input } as Json,
    86_000,
  );
  const troubles = (
    payloads.verificationConclude?.at(-1) as { troubles: { step: string; error: string; cause: string }[] }
  )?.troubles;
  return { ...ended, asked, payloads, troubles };
};

const afterRestore = (asked: string[]) => asked.slice(asked.indexOf('verificationRestorePoint') + 1);
const throws = (name: string) => () => {
  throw named(name, `${name} happened`);
};

describe('verify-database', () => {
  it('is valid Amazon States Language', () => {
    const { isValid, errorsText } = validate(structuredClone(machine));
    expect(isValid ? '' : errorsText()).toBe('');
  });

  it('restores, logs in, runs every check, compares every item, removes the instance and concludes', async () => {
    const { status, output, asked, payloads, troubles } = await verify();
    expect([status, output]).toEqual(['SUCCEEDED', { verdict: 'PROVEN', reason: 'all of it' }]);
    expect(troubles).toEqual([]);
    expect(payloads.verificationRunCheck?.map((event) => (event as { check: number }).check).sort()).toEqual([0, 1, 2]);
    expect(payloads.verificationCompareFingerprint?.map((event) => (event as { item: Json }).item)).toEqual(
      expect.arrayContaining(['schema', 0, 1]),
    );
    expect(asked.slice(-2)).toEqual(['verificationRemoveInstance', 'verificationConclude']);
  });

  it('names its execution to every step, so that each finds its own instance and findings', async () => {
    const { payloads, executionArn } = await verify();
    const steps = Object.values(payloads).flat() as { execution?: string }[];
    expect(new Set(steps.map(({ execution }) => execution))).toEqual(new Set([executionArn]));
  });

  it('hands on which point was asked for', async () => {
    const { payloads } = await verify({}, ['available'], { recoveryPoint: CHOSEN.recoveryPoint });
    expect(payloads.verificationChoosePoint?.[0]).toMatchObject({
      source: 'shop-db',
      recoveryPoint: CHOSEN.recoveryPoint,
    });
  });

  it('tells a verdict where there is nothing to verify', async () => {
    const { status, asked, troubles } = await verify({ verificationChoosePoint: throws('RecoveryPointMissing') });
    expect([status, asked]).toEqual(['SUCCEEDED', ['verificationChoosePoint', 'verificationConclude']]);
    expect(troubles).toMatchObject([{ error: 'RecoveryPointMissing' }]);
  });

  it.each(['failed', 'incompatible-restore', 'inaccessible-encryption-credentials'])(
    'ends a restore that RDS gives up as %s',
    async (given) => {
      const { asked, troubles } = await verify({}, ['creating', given]);
      expect(afterRestore(asked)).toEqual(['verificationRemoveInstance', 'verificationConclude']);
      expect(troubles).toEqual([
        { step: 'restoring', error: 'RestoreFailed', cause: `RDS reports the status ${given}` },
      ]);
    },
  );

  it('does not blame the point where the account has no room for its restore', async () => {
    const { troubles } = await verify({}, ['creating', 'storage-full']);
    expect(troubles).toMatchObject([{ error: 'RestoreHindered' }]);
  });

  it('gives up a restore that never becomes available, and removes it', async () => {
    const { asked, troubles } = await verify({}, ['creating']);
    expect(afterRestore(asked)).toEqual(['verificationRemoveInstance', 'verificationConclude']);
    expect(troubles).toMatchObject([{ error: 'RestoreLate', cause: expect.stringContaining('creating') }]);
  });

  it('waits for quota, and removes what may have been made where it does not come', async () => {
    const { asked, troubles } = await verify({ verificationRestorePoint: throws('InstanceQuotaExceededFault') });
    expect(asked.filter((name) => name === 'verificationRestorePoint')).toHaveLength(7);
    expect(asked.slice(-2)).toEqual(['verificationRemoveInstance', 'verificationConclude']);
    expect(troubles).toMatchObject([{ step: 'asking for the restore', error: 'InstanceQuotaExceededFault' }]);
  });

  it('removes the instance where the login is refused', async () => {
    const { asked, troubles } = await verify({ verificationProbeLogin: throws('LoginRefused') });
    expect(afterRestore(asked)).toEqual([
      'verificationProbeLogin',
      'verificationRemoveInstance',
      'verificationConclude',
    ]);
    expect(troubles).toMatchObject([{ step: 'logging in', error: 'LoginRefused' }]);
  });

  it('goes on with all other checks and comparisons where one cannot be answered', async () => {
    const only = (wanted: Json, field: string) => (event: Json) => {
      if ((event as Record<string, Json>)[field] === wanted) throw named('QueryFailed', 'no privilege');
      return {};
    };
    const { asked, troubles } = await verify({
      verificationRunCheck: only(1, 'check'),
      verificationCompareFingerprint: only('schema', 'item'),
    });
    expect(asked.filter((name) => name === 'verificationRunCheck')).toHaveLength(3);
    expect(asked.filter((name) => name === 'verificationCompareFingerprint')).toHaveLength(3);
    expect(troubles.map(({ step, error }) => `${step}: ${error}`)).toEqual([
      'check 1: QueryFailed',
      'comparison schema: QueryFailed',
    ]);
  });

  it('compares nothing where there are no fingerprints, and checks all the same', async () => {
    const { asked, troubles } = await verify({ verificationChoosePoint: () => ({ ...CHOSEN, items: [] }) });
    expect(asked).not.toContain('verificationCompareFingerprint');
    expect(asked.filter((name) => name === 'verificationRunCheck')).toHaveLength(3);
    expect(troubles).toEqual([]);
  });

  it('tries again to remove an instance that cannot be removed yet, and concludes even if it never can', async () => {
    let tries = 0;
    const later = () => {
      if (++tries < 3) throw named('InvalidDBInstanceStateFault', 'creating');
      return {};
    };
    expect((await verify({ verificationRemoveInstance: later })).troubles).toEqual([]);
    const never = await verify({ verificationRemoveInstance: throws('AccessDenied') });
    expect([never.status, never.troubles]).toMatchObject([
      'SUCCEEDED',
      [{ step: 'removing the test instance', error: 'AccessDenied' }],
    ]);
  });

  it('fails where the verdict could not be recorded or told', async () => {
    expect(await verify({ verificationConclude: throws('AuthorizationError') })).toMatchObject({
      status: 'FAILED',
      error: 'AuthorizationError',
    });
  });
});
