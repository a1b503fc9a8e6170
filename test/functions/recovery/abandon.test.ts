import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/abandon.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/abandon.ts';
import { takeEpoch } from '../../../functions/recovery/epoch.ts';
import { phaseKey } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let lab: Laboratory;
let server: TestServer;
let region: RecoveryRegion;
beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
  await server.sql('ALTER ROLE shop CREATEROLE; SET ROLE shop; CREATE ROLE shop_app LOGIN');
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
  region.serve('primary', 'shop-db', server);
  await server.sql('ALTER ROLE shop_app NOLOGIN');
});
afterEach(() => vi.useRealTimers());

const abandon = (change: object = {}) => invoke(handler, { ...sample, ...change });
const mayLogIn = async () =>
  (await server.sql(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'shop_app'`))[0]?.rolcanlogin;

describe('giving up a failover', () => {
  it('ends it, opens the old primary again and tells people', async () => {
    await region.finished('fence', { confirmed: true });
    expect(await abandon()).toMatchObject({ failoverId: ID, status: 'abandoned' });
    expect(region.epoch().status).toBe('abandoned');
    expect(await mayLogIn()).toBe(true);
    expect(region.messages[0]).toMatchObject({
      topic: 'disaster',
      subject: expect.stringContaining('given up by Ada'),
    });
    expect(region.messages[0]?.text).toContain('open to shop_app again');
  });

  it('leaves the database alone where it was not touched', async () => {
    expect(await abandon()).toMatchObject({ fence: expect.stringContaining('Nothing was changed') });
    expect(await mayLogIn()).toBe(false);
  });

  it('does not depend on a region that does not answer: people are told what to open by hand', async () => {
    await region.finished('fence', { confirmed: true });
    region.rds.before = () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    expect(await abandon()).toMatchObject({ fence: expect.stringContaining('ALTER ROLE shop_app LOGIN') });
    expect(region.epoch().status).toBe('abandoned');
  });

  it('needs the platform’s name, typed', async () => {
    await expect(abandon({ platform: 'Shop' })).rejects.toMatchObject({ name: 'NameNotConfirmed' });
    expect(region.epoch().status).toBe('running');
  });

  it('names the failover that is meant, not another', async () => {
    await expect(abandon({ failoverId: 'another' })).rejects.toMatchObject({ name: 'EpochLost' });
    expect(region.epoch().status).toBe('running');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['was promoted', () => region.finished('database', { promoted: true })],
    [
      'is being promoted',
      () =>
        region.vault.place(
          phaseKey(ID, 'database'),
          JSON.stringify({ phase: 'database', startedAt: TIME, attempts: 2, facts: { promotionAskedAt: TIME } }),
        ),
    ],
    ['is done', () => region.declared({ status: 'done', endedAt: TIME })],
  ])('is too late once the database %s', async (_, arrange) => {
    await region.finished('fence', { confirmed: true });
    await arrange();
    const before = region.epoch();
    await expect(abandon()).rejects.toMatchObject({ name: 'TooLateToAbandon' });
    expect(region.epoch()).toEqual(before);
    expect(await mayLogIn()).toBe(false);
  });

  it('makes room for another, with an id of its own', async () => {
    await region.finished('declare', {});
    await region.finished('fence', { confirmed: true });
    await abandon();
    const claim = { kind: 'failover', execution: 'e', reason: 'r' } as const;
    await expect(takeEpoch({ ...claim, failoverId: ID })).rejects.toMatchObject({ name: 'FailoverIdTaken' });
    expect(await takeEpoch({ ...claim, failoverId: 'another' })).toMatchObject({ epoch: 2 });
  });
});
