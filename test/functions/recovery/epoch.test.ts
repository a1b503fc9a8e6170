import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endEpoch, holdEpoch, takeEpoch } from '../../../functions/recovery/epoch.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';
import { failure, once } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let region: RecoveryRegion;
beforeEach(() => {
  region = recoveryRegion();
});
afterEach(() => vi.useRealTimers());

const claim = (failoverId = ID, execution = 'execution-1') => ({
  failoverId,
  kind: 'failover' as const,
  execution,
  reason: 'the region does not answer',
});

describe('taking the epoch', () => {
  it('says who moves the platform, from where to where, since when', async () => {
    const epoch = await takeEpoch(claim());
    expect(epoch).toEqual({
      ...claim(),
      epoch: 1,
      from: PRIMARY,
      to: RECOVERY,
      status: 'running',
      declaredAt: TIME,
    });
    expect(region.epoch()).toEqual(epoch);
  });

  it('lets one of two win that begin at once, and tells the other who it is', async () => {
    const outcomes = await Promise.allSettled([takeEpoch(claim('first')), takeEpoch(claim('second'))]);
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    const lost = outcomes.find((outcome) => outcome.status === 'rejected');
    expect(won).toHaveLength(1);
    expect(lost?.reason).toMatchObject({ name: 'FailoverUnderWay' });
    expect(lost?.reason.message).toContain(region.epoch().failoverId);
  });

  it('lets one of two win that begin at once after an earlier failover has ended', async () => {
    await takeEpoch(claim('earlier'));
    await endEpoch('earlier', 'done');
    const outcomes = await Promise.allSettled([takeEpoch(claim('first')), takeEpoch(claim('second'))]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(region.epoch()).toMatchObject({ epoch: 2, status: 'running' });
  });

  it('is refused to another while one runs, with how that one can go on', async () => {
    await takeEpoch(claim());
    await expect(takeEpoch(claim('another'))).rejects.toThrow(/execution-1.*\{"failoverId": "failover-20261120"\}/);
    expect(region.epoch()).toMatchObject({ epoch: 1, failoverId: ID });
  });

  it('goes on where it stopped when the same failover is started again, by whichever execution', async () => {
    const first = await takeEpoch(claim());
    region.setTime('2026-11-20T04:00:00Z');
    expect(await takeEpoch(claim(ID, 'execution-2'))).toEqual({ ...first, execution: 'execution-2' });
    expect(region.vault.versions('recovery/epoch/us-west-2.json')).toHaveLength(2);
    await takeEpoch(claim(ID, 'execution-2'));
    expect(region.vault.versions('recovery/epoch/us-west-2.json')).toHaveLength(2);
  });

  it('goes on with one that was abandoned, as long as no other came after it', async () => {
    await takeEpoch(claim());
    await endEpoch(ID, 'abandoned');
    const { endedAt, ...again } = await takeEpoch(claim(ID, 'execution-2'));
    expect(endedAt).toBeUndefined();
    expect(again).toMatchObject({ epoch: 1, status: 'running', execution: 'execution-2' });
  });

  it('does not go on with one that was given up after the old primary was shut: the fence may be open again', async () => {
    await takeEpoch(claim());
    await region.finished('declare', {});
    await region.finished('fence', {});
    await endEpoch(ID, 'abandoned');
    await expect(takeEpoch(claim())).rejects.toMatchObject({ name: 'FailoverIdTaken' });
    expect(await takeEpoch(claim('another'))).toMatchObject({ epoch: 2 });
  });

  it('leaves one that is done as it is', async () => {
    await takeEpoch(claim());
    const done = await endEpoch(ID, 'done');
    expect(await takeEpoch(claim(ID, 'execution-2'))).toEqual(done);
  });

  it('is refused to the id of an earlier failover, whose records would pass for its own', async () => {
    await takeEpoch(claim('earlier'));
    await region.vault.place(
      'recovery/earlier/phases/declare.json',
      JSON.stringify({ phase: 'declare', startedAt: TIME, endedAt: TIME, attempts: 1, facts: {} }),
    );
    await endEpoch('earlier', 'abandoned');
    await takeEpoch(claim());
    await endEpoch(ID, 'done');
    await expect(takeEpoch(claim('earlier'))).rejects.toMatchObject({ name: 'FailoverIdTaken' });
    expect(region.epoch()).toMatchObject({ failoverId: ID, epoch: 2 });
  });

  it('counts on from the highest number known of either region', async () => {
    expect(await takeEpoch(claim(), 6)).toMatchObject({ epoch: 7 });
    await endEpoch(ID, 'done');
    expect(await takeEpoch(claim('next'), 3)).toMatchObject({ epoch: 8 });
    await endEpoch('next', 'done');
    expect(await takeEpoch(claim('after'), 20)).toMatchObject({ epoch: 21 });
  });

  it.each([
    ['for the first time', async () => undefined],
    [
      'after another one',
      async () => {
        await takeEpoch(claim('earlier'));
        await endEpoch('earlier', 'done');
      },
    ],
  ])('holds where the answer to its writing is lost, %s', async (_, prepare) => {
    await prepare();
    region.vault.after = once(failure('InternalError', 500), (operation) => operation === 'put');
    await expect(takeEpoch(claim())).rejects.toThrow('InternalError');
    const taken = region.epoch();
    expect(await takeEpoch(claim())).toEqual(taken);
    await expect(takeEpoch(claim('another'))).rejects.toMatchObject({ name: 'FailoverUnderWay' });
  });
});

describe('holding the epoch', () => {
  it.each(['running', 'done'] as const)('is granted to the failover that has it, %s', async (status) => {
    await region.declared({ status });
    expect(await holdEpoch(ID)).toMatchObject({ failoverId: ID, status });
  });

  it('is refused to a stranger, to whom was abandoned, and where there is none', async () => {
    await expect(holdEpoch(ID)).rejects.toThrow(/EpochLost|no failover at all/);
    await region.declared();
    await expect(holdEpoch('stranger')).rejects.toMatchObject({ name: 'EpochLost' });
    await region.declared({ status: 'abandoned' });
    await expect(holdEpoch(ID)).rejects.toThrow(/epoch 1: failover-20261120, abandoned/);
  });
});

describe('ending the epoch', () => {
  it('is noted once: how it ended first, it stays ended', async () => {
    await region.declared();
    const done = await endEpoch(ID, 'done');
    region.setTime('2026-11-20T05:00:00Z');
    expect(await endEpoch(ID, 'abandoned')).toEqual(done);
    expect(region.epoch()).toEqual(done);
  });

  it('leaves the epoch of another alone', async () => {
    const standing = await region.declared();
    expect(await endEpoch('stranger', 'abandoned')).toEqual(standing);
  });
});
