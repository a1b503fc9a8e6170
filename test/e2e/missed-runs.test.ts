// Scheduled work that never begins, on the deployed platform: the export whose function is killed at all of Lambda's
// tries, and the verification that the scheduler cannot start; and a verification that could not test. All of it comes
// about by itself, within the permissions the functions have.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogOf, executionsOf } from '../../local/story/observations.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';

let shop: ShopPlatform;
/** Lets verifications restore. */
let mend: () => void;
const at = (time: string): Date => new Date(`2026-11-22T${time}:00Z`);
const told = (text: string): number =>
  shop.primary.sns.inbox().filter(({ message }) => message.includes(text) && !message.startsWith('{')).length;
const namesOf = async (): Promise<string[]> =>
  (await executionsOf(shop, 'verify-database')).map(({ executionArn }) => executionArn.split(':').at(-1) ?? '');

/** A Sunday: the snapshot is due at two, the export at three, the verification at four. */
beforeAll(async () => {
  shop = await startShop(0.002);
  const { faults } = shop.world;
  faults.add({ actor: /rdsExportSnapshot/ }, { kind: 'kill', when: 'before' }, { times: 3 });
  faults.add(
    { actor: `${shop.source}-verify`, service: 'states', operation: 'StartExecution' },
    { kind: 'error', code: 'AccessDeniedException', status: 400, when: 'before' },
  );
  mend = faults.add(
    { actor: /verificationRestorePoint/, operation: 'RestoreDBInstanceFromDBSnapshot' },
    { kind: 'error', code: 'AccessDenied', status: 403, when: 'before' },
  );
  await shop.world.clock.advanceTo(at('03:55'));
}, 600_000);
afterAll(() => shop?.stop());

describe('an export whose function was killed at every try', () => {
  const EXPORT = 'shop-db-20261122t030000z-export';

  it('is not there, and left alone while the scheduler might still try', async () => {
    expect((await catalogOf(shop)).map(({ id }) => id)).toEqual(['shop-db-20261122t020000z-scheduled']);
  });

  it('is begun by the reconciler an hour later, under the time it was due, and told once', async () => {
    await shop.world.clock.advanceTo(at('05:30'));
    await expect(shop.point(EXPORT)).resolves.toMatchObject({ status: 'stored', purpose: 'compliance' });
    expect(told('The export of shop-db that was due 2026-11-22T03:00:00Z never began')).toBeGreaterThan(0);
  }, 600_000);
});

describe('a verification that the scheduler could not start', () => {
  it('is begun an hour later, and told', async () => {
    expect(await namesOf()).toEqual(['shop-db-20261122t040000z-missed']);
    expect(told('The verify of shop-db that was due 2026-11-22T04:00:00Z never began')).toBeGreaterThan(0);
  }, 600_000);

  it('is begun again after half an hour where it could not test, and then proves its point', async () => {
    mend();
    await shop.world.clock.advanceTo(at('07:30'));
    expect(await namesOf()).toEqual(['shop-db-20261122t040000z-missed-attempt-2', 'shop-db-20261122t040000z-missed']);
    const { status, verifications } = await shop.point('shop-db-20261122t020000z-scheduled');
    expect(verifications.map(({ verdict }) => verdict)).toEqual(['INCONCLUSIVE', 'PROVEN']);
    expect(status).toBe('verified');
    expect(told('attempt 2 of 4')).toBeGreaterThan(0);
  }, 900_000);
});
