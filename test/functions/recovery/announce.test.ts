import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/announce.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/announce.ts';
import { type PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';
import { failure, once } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let region: RecoveryRegion;
const record = (phase: PhaseRecord['phase'], change: Partial<PhaseRecord> = {}): Promise<unknown> =>
  region.vault.place(
    phaseKey(ID, phase),
    JSON.stringify({ phase, startedAt: TIME, endedAt: '2026-11-20T03:00:20.000Z', attempts: 1, facts: {}, ...change }),
  );

beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
  await record('declare', { facts: { since: '2026-11-20T02:58:00.000Z' } });
  await record('health', { endedAt: '2026-11-20T03:00:50.000Z' });
  await record('fence', { targetSeconds: 10, facts: { confirmed: false } });
  await record('database', { facts: { instance: 'shop-db-replica', how: 'replica', lossSeconds: 7 } });
  region.setTime('2026-11-20T03:01:30.000Z');
});
afterEach(() => vi.useRealTimers());

const announce = (change: object = {}) => invoke(handler, { ...sample, ...change });
const trouble = {
  state: 'Promote the database',
  error: 'InstanceUnusable',
  cause: JSON.stringify({
    errorType: 'InstanceUnusable',
    errorMessage: 'shop-db: it is incompatible-restore.',
    trace: ['at x'],
  }),
};
const stop = async (change: object = {}): Promise<Error> => {
  try {
    await announce({ trouble: { ...trouble, ...change } });
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable('it did not stop');
};

describe('the end of a failover', () => {
  it('is told with what it took, what it cost and what is left to do, and ends the epoch', async () => {
    expect(await announce()).toMatchObject({
      done: true,
      facts: { rtoSeconds: 50, outageSeconds: 170, totalSeconds: 90, lossSeconds: 7 },
    });
    expect(region.epoch()).toMatchObject({ status: 'done', endedAt: '2026-11-20T03:01:30.000Z' });
    const [{ topic, text = '' } = {}] = region.messages;
    expect(topic).toBe('disaster');
    for (const part of [
      'shop lives in us-west-2: customers served after 50 s, failover failover-20261120 done after 90 s',
      'shop-db-replica (the promoted replica)',
      'at most 7 s',
      'RTO 50 s from the declaration until customers were served, objective 3600 s; 170 s since trouble was first seen',
      'fence: 20 s, longer than its target of 10 s',
      'could not be fenced: it is tried every minute',
    ])
      expect(text).toContain(part);
  });

  it('says what the cache was made from, how old that was, and what was damaged', async () => {
    const facts = {
      replicationGroup: 'shop-cache',
      recoveryPoint: 'archive-2',
      lossSeconds: 1234.4,
      passedOver: ['archive-3'],
    };
    await record('cache', { facts });
    await announce();
    const [{ text = '' } = {}] = region.messages;
    expect(text).toContain(
      'the cache is shop-cache, restored from archive-2: what was written to it in the last 1234 s is lost',
    );
    expect(text).toContain('archives found damaged on the way: archive-3');
  });

  it('is measured from the declaration until customers were served, not until the last check', async () => {
    await announce();
    expect(region.telemetry.metrics()).toEqual(
      expect.arrayContaining([
        { name: 'FailoverDuration', value: 50, source: 'shop' },
        { name: 'FailoverDataLoss', value: 7, source: 'shop' },
      ]),
    );
  });

  it('is told once, and measured to its end, however often it is asked', async () => {
    const first = await announce();
    region.setTime('2026-11-20T04:00:00.000Z');
    expect(await announce()).toEqual(first);
    expect(region.messages).toHaveLength(1);
  });

  it('is told again where the call died before it was noted, with the same figures', async () => {
    region.vault.before = once(
      failure('InternalError', 500),
      (of, key) => of === 'put' && key.endsWith('announce.json'),
      1,
    );
    await expect(announce()).rejects.toThrow('InternalError');
    region.setTime('2026-11-20T04:00:00.000Z');
    expect(await announce()).toMatchObject({ facts: { rtoSeconds: 50, totalSeconds: 90 } });
    expect(region.messages).toHaveLength(2);
  });

  it('says where the data came from, and what is not known', async () => {
    await record('database', {
      facts: { instance: 'x', how: 'snapshot', recoveryPoint: 'point-1', lossSeconds: null },
    });
    await record('declare', { facts: { since: null } });
    expect(await announce()).toMatchObject({ facts: { outageSeconds: null, lossSeconds: null } });
    expect(region.messages[0]?.text).toMatch(/restored from point-1.*at most not known/s);
    expect(region.telemetry.metrics().map(({ name }) => name)).not.toContain('FailoverDataLoss');
  });
});

describe('a failover that stops', () => {
  it('tells people what is done and what is not, why, and both ways on; and fails by a name', async () => {
    await record('database', { endedAt: undefined, found: 'it is modifying' });
    const error = await stop();
    expect(error).toMatchObject({ name: 'FailoverStopped' });
    expect(error.message).toMatch(
      /"Promote the database" ended as InstanceUnusable: shop-db: it is incompatible-restore/,
    );
    const [{ topic, subject, text = '' } = {}] = region.messages;
    expect([topic, subject]).toEqual(['disaster', expect.stringContaining('STOPPED')]);
    for (const part of [
      'fence: 20 s',
      'database: not done (it is modifying)',
      'it is incompatible-restore',
      `aws stepfunctions redrive-execution --region us-west-2 --execution-arn ${sample.execution}`,
      'recoveryAbandon',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('at x');
    expect(region.epoch().status).toBe('running');
  });

  it('says everything that failed at the same time', async () => {
    const also = [{ state: 'Restore the cache', error: 'RecoveryPointMissing', cause: 'there is no archive' }];
    expect((await stop({ also })).message).toMatch(
      /is incompatible-restore.*"Restore the cache" ended as RecoveryPointMissing: there is no archive/,
    );
  });

  it.each(['PrimaryHealthy', 'FailoverUnderWay', 'ApprovalRefused', 'ApprovalMissing'])(
    'by %s was not begun: there is nothing to go on with',
    async (error) => {
      await stop({ error });
      const [{ subject, text = '' } = {}] = region.messages;
      expect(subject).toContain('was not begun');
      expect(text).not.toContain('redrive');
    },
  );

  it('takes a cause that is plain text as it is', async () => {
    expect((await stop({ cause: 'not done within 360 s' })).message).toContain('not done within 360 s');
    expect((await stop({ cause: '', error: 'States.Timeout' })).message).toContain('States.Timeout');
  });

  it('goes on when it was redriven, and tells nobody', async () => {
    expect(await announce({ trouble, redriven: true })).toEqual({ goOn: true });
    expect(region.messages).toEqual([]);
  });
});
