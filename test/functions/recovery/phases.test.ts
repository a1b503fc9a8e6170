import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endEpoch } from '../../../functions/recovery/epoch.ts';
import { type PhaseContext, phase, phaseRecords, type Step } from '../../../functions/recovery/phases.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';
import { failure, once } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let region: RecoveryRegion;
beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
});
afterEach(() => vi.useRealTimers());

const work = { signal: new AbortController().signal, remainingMs: () => 60_000 };
const DONE: Step = { done: true, facts: { host: 'shop-db-replica' } };
const LATER: Step = { done: false, waitSeconds: 5, found: 'it is modifying' };

/** The database phase, whose step answers these in turn, the last for ever. */
const running = (...answers: Step[]) => {
  const contexts: PhaseContext[] = [];
  const run = phase('database', async (context) => {
    contexts.push(context);
    return answers[Math.min(contexts.length, answers.length) - 1] as Step;
  });
  return { contexts, call: (failoverId = ID) => run({ failoverId }, work) };
};

describe('a phase', () => {
  it('keeps a record from its first call to its last, with its target and what was in the way', async () => {
    const { call } = running(LATER, DONE);
    expect(await call()).toEqual({ phase: 'database', failoverId: ID, ...LATER });
    expect(region.record('database')).toEqual({
      phase: 'database',
      startedAt: TIME,
      targetSeconds: 900,
      attempts: 1,
      found: 'it is modifying',
      facts: {},
    });
    region.setTime('2026-11-20T03:00:05.000Z');
    expect(await call()).toEqual({ phase: 'database', failoverId: ID, ...DONE });
    expect(region.record('database')).toEqual({
      phase: 'database',
      startedAt: TIME,
      endedAt: '2026-11-20T03:00:05.000Z',
      targetSeconds: 900,
      attempts: 2,
      facts: { host: 'shop-db-replica' },
    });
  });

  it('that is done answers at once and does nothing', async () => {
    const { call, contexts } = running(DONE);
    await call();
    region.setTime('2026-11-20T09:00:00Z');
    expect(await call()).toMatchObject(DONE);
    expect(contexts).toHaveLength(1);
    expect(region.record('database').endedAt).toBe(TIME);
  });

  it('is told what it works on, and what the phases before it found', async () => {
    await region.finished('fence', { confirmed: true });
    await region.vault.place(
      `recovery/${ID}/phases/cache.json`,
      JSON.stringify({ phase: 'cache', startedAt: TIME, attempts: 1, facts: { host: 'not yet' } }),
    );
    const { call, contexts } = running(LATER);
    await call();
    expect(contexts[0]).toMatchObject({ failoverId: ID, kind: 'failover', from: PRIMARY, to: RECOVERY });
    expect(contexts[0]).toMatchObject({ rehearsal: false, declaredAt: new Date(TIME), startedAt: new Date(TIME) });
    expect(contexts[0]?.plan.database.source).toBe('shop-db');
    expect(contexts[0]?.factsOf('fence')).toEqual({ confirmed: true });
    expect(contexts[0]?.factsOf('cache')).toBeUndefined();
  });

  it('finds again what it noted, and adds to it when it is done', async () => {
    const { call, contexts } = running({ ...LATER, facts: { lsn: '0/1' } }, DONE);
    await call();
    expect(await call()).toEqual({
      phase: 'database',
      failoverId: ID,
      done: true,
      facts: { lsn: '0/1', host: 'shop-db-replica' },
    });
    expect(contexts.map(({ noted }) => noted)).toEqual([{}, { lsn: '0/1' }]);
  });

  it('does nothing for a failover that does not hold the platform', async () => {
    const { call, contexts } = running(DONE);
    await expect(call('stranger')).rejects.toMatchObject({ name: 'EpochLost' });
    await endEpoch(ID, 'abandoned');
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    expect(contexts).toEqual([]);
    expect(region.vault.keys(`recovery/${ID}/`)).toEqual([]);
  });

  it('can ask again before it acts, as a process that slept may have lost the platform meanwhile', async () => {
    const run = phase('database', async ({ stillHeld }) => {
      await endEpoch(ID, 'abandoned');
      await stillHeld();
      return DONE;
    });
    await expect(run({ failoverId: ID }, work)).rejects.toMatchObject({ name: 'EpochLost' });
    expect(region.record('database').endedAt).toBeUndefined();
  });

  it('that fails is begun and not done; the next call does it', async () => {
    const run = phase('database', async () => {
      throw new Error('RDS does not answer');
    });
    await expect(run({ failoverId: ID }, work)).rejects.toThrow('RDS does not answer');
    expect(region.record('database')).toMatchObject({ attempts: 0, facts: {} });
    expect(await running(DONE).call()).toMatchObject(DONE);
  });

  it.each(['put', 'get'] as const)('ends the same where the answer to a %s is lost', async (operation) => {
    for (let lost = 0; lost < 20; lost++) {
      region.vault.remove(`recovery/${ID}/phases/database.json`);
      region.vault.after = once(failure('InternalError', 500), (of) => of === operation, lost);
      const { call } = running(DONE);
      await call().catch(() => undefined);
      region.vault.after = () => undefined;
      expect(await call()).toMatchObject(DONE);
      expect(region.record('database')).toMatchObject({ endedAt: TIME, facts: DONE.facts });
    }
  });

  it('called twice at once is done once: the first to end it says what it came to', async () => {
    let entered = 0;
    const both = Promise.withResolvers<void>();
    const run = phase('database', async () => {
      const number = ++entered;
      if (number === 2) both.resolve();
      await both.promise;
      return { done: true, facts: { number } };
    });
    const [one, two] = await Promise.all([run({ failoverId: ID }, work), run({ failoverId: ID }, work)]);
    expect(one).toEqual(two);
    expect(region.record('database')).toMatchObject({ attempts: 1 });
  });

  it('ended by another call is done also for one that found it undone', async () => {
    const run = phase('database', async () => {
      await running(DONE).call();
      return LATER;
    });
    expect(await run({ failoverId: ID }, work)).toEqual({ phase: 'database', failoverId: ID, ...DONE });
  });
});

it('lists the records of a failover in the order of its phases', async () => {
  await region.finished('database', {});
  await region.finished('declare', {});
  await region.finished('fence', {});
  expect((await phaseRecords(ID)).map(({ phase: of }) => of)).toEqual(['declare', 'fence', 'database']);
});
