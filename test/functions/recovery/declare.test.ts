import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/declare.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/declare.ts';
import { endEpoch } from '../../../functions/recovery/epoch.ts';
import type { PhaseAnswer } from '../../../functions/recovery/phases.ts';
import { type Assessment, assessmentKey } from '../../../shared/recovery/assessment.ts';
import { type Epoch, epochKey } from '../../../shared/recovery/documents.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';
import { failure } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let region: RecoveryRegion;
beforeEach(() => {
  region = recoveryRegion();
});
afterEach(() => vi.useRealTimers());

const seen = async (secondsAgo: number, change: Partial<Assessment> = {}): Promise<void> => {
  const at = new Date(Date.parse(TIME) - secondsAgo * 1000);
  const assessment: Assessment = {
    at: at.toISOString(),
    verdict: 'down',
    confidence: 0.9,
    reasons: ['nobody answers'],
    signals: [],
    confirmed: true,
    since: '2026-11-20T02:58:00.000Z',
    downSince: '2026-11-20T02:59:00.000Z',
    dataLossSeconds: { 'shop-db': 7 },
    readiness: [],
    ...change,
  };
  await region.vault.place(assessmentKey(at), JSON.stringify(assessment));
};
const declare = (change: object = {}): Promise<PhaseAnswer> =>
  invoke(handler, { ...sample, ...change }) as Promise<PhaseAnswer>;

describe('declaring a failover', () => {
  it('takes the epoch and says what was seen, what is lost, what there is to do and in which time', async () => {
    await seen(120);
    await seen(60, { dataLossSeconds: { 'shop-db': 9 } });
    expect(await declare()).toMatchObject({
      done: true,
      failoverId: ID,
      facts: {
        verdict: 'down',
        overridden: false,
        by: 'Ada',
        since: '2026-11-20T02:58:00.000Z',
        downSince: '2026-11-20T02:59:00.000Z',
        dataLossSeconds: { 'shop-db': 9 },
        approval: { mode: 'required', seconds: 900 },
        path: ['fence', 'database', 'health', 'monitoring', 'validate'],
        limits: { fence: 360, database: 2700 },
      },
    });
    expect(region.epoch()).toMatchObject({ epoch: 1, failoverId: ID, status: 'running', reason: sample.reason });
  });

  it('is refused where the fence would shut out the role that this service logs in with, before anything is taken', async () => {
    await seen(60);
    region.login = { username: 'shop_app', password: 'secret of the test' };
    const refused = declare();
    await expect(refused).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    await expect(refused).rejects.toThrow(/fence\.roles names the role that this service logs in with/);
    await expect(refused).rejects.not.toThrow(/secret of the test/);
    expect(region.vault.keys('recovery/epoch/')).toEqual([]);
  });

  it('is refused while the other region is well, with what says so, and gives the epoch back', async () => {
    await seen(60, { verdict: 'healthy', confirmed: false, reasons: ['all probes answer'], since: undefined });
    await expect(declare()).rejects.toThrow(/all probes answer.*"override": "shop"/s);
    expect(region.epoch().status).toBe('abandoned');
    await seen(30);
    expect(await declare()).toMatchObject({ done: true });
    expect(region.epoch().status).toBe('running');
  });

  it.each<[string, () => Promise<void>]>([
    ['was seen down once only', () => seen(60, { confirmed: false })],
    ['is degraded', () => seen(60, { verdict: 'degraded', confirmed: false })],
    ['was not looked at', async () => undefined],
    ['was seen down too long ago', () => seen(301)],
  ])('is refused where the other region %s', async (_, arrange) => {
    await arrange();
    await expect(declare()).rejects.toMatchObject({ name: 'OutageNotConfirmed' });
    expect(region.epoch().status).toBe('abandoned');
  });

  it.each(['healthy', 'degraded', 'down'] as const)(
    'goes on while the other region is %s where the platform’s name was typed, and that stays on record',
    async (verdict) => {
      await seen(60, { verdict, confirmed: false });
      await expect(declare({ override: 'Shop' })).rejects.toThrow(/"Shop" is not the platform's name/);
      expect(await declare({ override: 'shop' })).toMatchObject({ done: true, facts: { overridden: true, verdict } });
      expect(region.record('declare').facts).toMatchObject({ overridden: true, by: 'Ada' });
    },
  );

  it('answers the same when it is asked again, whatever is seen meanwhile', async () => {
    await seen(60);
    const first = await declare();
    await seen(1, { verdict: 'healthy', confirmed: false });
    expect(await declare({ execution: 'another' })).toEqual(first);
    expect(region.epoch().execution).toBe('another');
  });

  it('is refused while another failover runs, which keeps its epoch', async () => {
    await seen(60);
    await declare();
    await expect(declare({ failoverId: 'another' })).rejects.toMatchObject({ name: 'FailoverUnderWay' });
    expect(region.epoch()).toMatchObject({ failoverId: ID, status: 'running' });
  });

  it('refused by a call that died before it gave the epoch back is given back by the next', async () => {
    await seen(60, { verdict: 'healthy', confirmed: false });
    region.vault.before = (operation, key) => {
      if (operation === 'put' && key === epochKey(RECOVERY) && region.vault.versions(key).length > 0)
        throw failure('InternalError', 500);
    };
    await expect(declare()).rejects.toThrow('InternalError');
    region.vault.before = () => undefined;
    await expect(declare()).rejects.toMatchObject({ name: 'PrimaryHealthy' });
    expect(region.epoch().status).toBe('abandoned');
  });
});

describe('where the platform lives', () => {
  const there = (change: Partial<Epoch>): Promise<unknown> =>
    region.vault.place(
      epochKey(PRIMARY),
      JSON.stringify({
        ...{ epoch: 5, failoverId: 'back', kind: 'failback', from: RECOVERY, to: PRIMARY, execution: 'e', reason: 'r' },
        ...{ status: 'done', declaredAt: TIME, ...change },
      }),
    );

  it('counts the epochs of both regions', async () => {
    await seen(60);
    await there({});
    await declare();
    expect(region.epoch().epoch).toBe(6);
  });

  it('is not this region: a failover into the region it lives in is refused', async () => {
    await seen(60);
    await declare();
    await endEpoch(ID, 'done');
    await expect(declare({ failoverId: 'again' })).rejects.toMatchObject({ name: 'PlatformHere' });
    expect(region.epoch()).toMatchObject({ failoverId: ID, status: 'done' });
  });

  it('is the other region again after it was moved back', async () => {
    await seen(60);
    await declare();
    await endEpoch(ID, 'done');
    await there({ epoch: 2 });
    expect(await declare({ failoverId: 'again' })).toMatchObject({ done: true });
    expect(region.epoch().epoch).toBe(3);
  });

  it('is still here where the move back was abandoned', async () => {
    await seen(60);
    await declare();
    await endEpoch(ID, 'done');
    await there({ epoch: 2, status: 'abandoned' });
    await expect(declare({ failoverId: 'again' })).rejects.toMatchObject({ name: 'PlatformHere' });
  });

  it('is the primary region before anything ever moved', async () => {
    vi.stubEnv('AWS_REGION', PRIMARY);
    vi.stubEnv('LIFEBOAT_ROLE', 'primary');
    vi.stubEnv('PEER_REGION', RECOVERY);
    await expect(declare()).rejects.toMatchObject({ name: 'PlatformHere' });
  });
});
