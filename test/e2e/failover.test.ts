// A failover as people meet it, on one platform from first to last: refused while there is no reason for it, decided by
// those who may, given up again; then the primary region is cut off with its customers still in it, and comes back.
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withCache } from '../../local/cache.ts';
import { APPLICATION, application } from '../../local/platform.ts';
import { invoke } from '../../local/story/observations.ts';
import {
  begin,
  decide,
  type Failover,
  grant,
  order,
  pass,
  recordOf,
  refusedWith,
  startMovableShop,
  toldAbout,
  until,
} from '../support/failovers.ts';
import type { ShopPlatform } from '../support/shop-platform.ts';

/** "role is not permitted to log in", and "terminating connection due to administrator command" (PostgreSQL, error codes). */
const NO_LOGIN = '28000';
const OVERRIDE = { override: 'shop' };

let shop: ShopPlatform;
beforeAll(async () => {
  shop = await startMovableShop();
}, 300_000);
afterAll(() => shop?.stop());

const asked = (id: string) => until(shop, () => toldAbout(shop, id, 'waits for approval').length > 0);
/** What people were asked for a failover. */
const question = (id: string): string => {
  const [first] = shop.recovery.sns
    .inbox()
    .filter(({ message }) => message.includes(id) && message.includes('Approve:'));
  return first?.message ?? '';
};
const stoppedBy = async (failover: Failover): Promise<string> => {
  const ended = await failover.ended();
  expect(ended).toMatchObject({ status: 'FAILED', error: 'FailoverStopped' });
  return JSON.parse(ended.cause ?? '{}').errorMessage;
};
const assess = () => invoke(shop, 'recoveryAssess', {}, shop.recovery);

describe('while the primary region is well', { timeout: 120_000 }, () => {
  it('a failover is refused with the reasons, people are told, and nothing is changed', async () => {
    await assess();
    const failover = await begin(shop, 'not-needed');
    expect(await stoppedBy(failover)).toMatch(/PrimaryHealthy.*is well/s);
    expect(toldAbout(shop, 'not-needed', 'was not begun')).not.toEqual([]);
    expect(await order(shop, 'primary')).toBeGreaterThan(0);
  });

  it('it is not moved by another name than its own', async () => {
    expect(await stoppedBy(await begin(shop, 'wrong-name', { override: 'shops' }))).toMatch(
      /"shops" is not the platform/,
    );
  });

  it('of two operators who begin at once one is asked for approval, and the other is told who was first', async () => {
    const both = await Promise.all(['operator-one', 'operator-two'].map((id) => begin(shop, id, OVERRIDE)));
    await until(shop, () => both.some(({ id }) => toldAbout(shop, id, 'waits for approval').length > 0));
    const [winner, loser] = both.toSorted((a, b) => Number(question(a.id) === '') - Number(question(b.id) === ''));
    expect(await stoppedBy(loser as Failover)).toContain(`held by ${winner?.id}`);
    expect(question(loser?.id ?? '')).toBe('');
    await decide(shop, winner?.id ?? '', 'refused');
    expect(await stoppedBy(winner as Failover)).toMatch(/ApprovalRefused.*refused by Grace/s);
  });

  it('nobody decides who was not given the right', async () => {
    const failover = await begin(shop, 'who-decides', OVERRIDE);
    await asked(failover.id);
    const { iam, account } = shop.world;
    const arn = `arn:aws:iam::${account}:role/developer`;
    const principal = `arn:aws:iam::${account}:role/somebody`;
    iam.putRole({
      arn,
      trust: [{ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole' }],
      statements: [
        {
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource: `arn:aws:lambda:us-west-2:${account}:function:${shop.service}-recoveryAssess`,
        },
      ],
    });
    const developer = { arn, account, roleArn: arn, actor: 'developer' };
    const payload = { failoverId: failover.id, decision: 'granted', by: 'Grace' };
    const request = { FunctionName: `${shop.service}-recoveryApprove`, Payload: Buffer.from(JSON.stringify(payload)) };
    await expect(shop.recovery.call('lambda', 'Invoke', request, developer)).rejects.toThrow(/not authorized.*Invoke/);
    await decide(shop, failover.id, 'refused');
    expect(await stoppedBy(failover)).toContain('ApprovalRefused');
  });

  it('nothing happens where nobody decides in time; asked again, the question shows a loss above the objective', async () => {
    const replica = await shop.connect(shop.recovery, 'shop-db-replica', adminOf(shop));
    await invoke(shop, 'recoveryWriteCanary', {});
    await until(shop, async () => (await beats(replica)) > 0);
    await replica.query('SELECT pg_wal_replay_pause()');
    const failover = await begin(shop, 'ignored', OVERRIDE);
    await asked(failover.id);
    expect(await stoppedBy(failover)).toMatch(/ApprovalMissing.*nobody approved/s);
    await order(shop, 'primary');
    await invoke(shop, 'recoveryWriteCanary', {});
    await assess();
    const again = await begin(shop, 'behind', OVERRIDE);
    await asked(again.id);
    const [, seconds] = /About (\d+) s of shop-db are lost/.exec(question(again.id)) ?? [];
    expect(Number(seconds)).toBeGreaterThan(900);
    expect(question(again.id)).toContain('shop-db: more than the objective of 900 s');
    await replica.query('SELECT pg_wal_replay_resume()');
    await replica.end();
    await decide(shop, again.id, 'refused');
    await again.ended();
  });

  it('moved all the same, it is fenced before anything else, and opened again where that is given up', async () => {
    const denied = { kind: 'error', code: 'InvalidParameterCombination', status: 400, when: 'before' } as const;
    const heal = shop.world.faults.add({ operation: 'PromoteReadReplica' }, denied);
    const failover = await begin(shop, 'given-up', OVERRIDE);
    await grant(shop, failover.id);
    expect(await stoppedBy(failover)).toMatch(/"Promote the database" ended as InvalidParameterCombination/);
    heal();
    expect(toldAbout(shop, 'given-up', 'STOPPED', 'fence:', 'database: not done')).not.toEqual([]);
    expect(await recordOf(shop, failover.id, 'fence')).toMatchObject({ facts: { outcome: 'fenced', confirmed: true } });
    expect(await refusedWith(order(shop, 'primary'))).toBe(NO_LOGIN);
    await invoke(shop, 'recoveryAbandon', { failoverId: failover.id, platform: 'shop', by: 'Ada' }, shop.recovery);
    expect(await order(shop, 'primary')).toBeGreaterThan(0);
    // The cache was restored for it meanwhile. Nobody takes it away by itself.
    await shop.ask(shop.recovery, 'elasticache', 'DeleteReplicationGroup', { ReplicationGroupId: 'shop-cache' });
    await shop.world.clock.settled();
  });
});

const adminOf = ({ recovery }: ShopPlatform): { user: string; password: string } => {
  const { user, password } = recovery.rds.server('shop-db-replica');
  return { user, password };
};
const beats = async (client: pg.Client): Promise<number> => {
  const { rows } = await client.query(`SELECT to_regclass('lifeboat.canary') IS NOT NULL AS there`);
  return rows[0].there ? 1 : 0;
};

describe('the primary region is cut off, with customers in it', { timeout: 240_000 }, () => {
  it('and comes back while the platform moves: it takes no more orders, and the other region does', async () => {
    await shop.keepWatch();
    await pass(shop, 130);
    const inside = await shop.connect(shop.primary, 'shop-db', application);
    const write = () =>
      inside.query(`INSERT INTO orders (customer_id, ordered_at, status, total) VALUES (1, now(), 'paid', 1)`);
    const last = await order(shop, 'primary');
    await pass(shop, 10);
    shop.world.cutOff(shop.primary.name);
    await until(shop, () => toldAbout(shop, 'is down').length > 0);
    // Split brain: cut off is not dead, and whoever is inside goes on.
    expect(await refusedWith(write())).toBe('nothing');

    const failover = await begin(shop, 'lost-region');
    await asked(failover.id);
    const granted = await decide(shop, failover.id, 'granted');
    expect(await decide(shop, failover.id, 'granted', 'Linus')).toEqual(granted);
    await expect(decide(shop, failover.id, 'refused')).rejects.toThrow(/ApprovalDecided/);

    await until(shop, async () => (await recordOf(shop, failover.id, 'fence').catch(() => undefined))?.endedAt);
    shop.world.rejoin(shop.primary.name);
    expect(await failover.ended()).toMatchObject({ status: 'SUCCEEDED' });
    expect(await recordOf(shop, failover.id, 'fence')).toMatchObject({
      facts: { outcome: 'unreachable', confirmed: false },
    });
    await until(shop, () => toldAbout(shop, 'came back and was shut').length > 0, 5);
    expect(await refusedWith(write())).not.toBe('nothing');
    expect(await refusedWith(order(shop, 'primary'))).toBe(NO_LOGIN);
    expect(await order(shop, 'recovery')).toBeGreaterThan(last);
  });

  it('its database is the promoted replica, its cache the newest archive, and the time counts until customers were served', async () => {
    expect(await recordOf(shop, 'lost-region', 'database')).toMatchObject({
      facts: { how: 'replica', promoted: true, roles: [APPLICATION] },
    });
    const { facts } = await recordOf(shop, 'lost-region', 'cache');
    expect(facts).toMatchObject({ replicationGroup: 'shop-cache', lossSeconds: expect.any(Number) });
    expect(await withCache(shop.recovery, 'shop-cache', (send) => send('DBSIZE'))).toBe(facts.keys);
    const announced = await recordOf(shop, 'lost-region', 'announce');
    const health = await recordOf(shop, 'lost-region', 'health');
    const declared = await recordOf(shop, 'lost-region', 'declare');
    const served = (Date.parse(health.endedAt ?? '') - Date.parse(declared.startedAt)) / 1000;
    expect(Number(announced.facts.rtoSeconds)).toBeCloseTo(served, 0);
    expect(Number(announced.facts.totalSeconds)).toBeGreaterThan(Number(announced.facts.rtoSeconds));
    expect(toldAbout(shop, 'lost-region', 'lives in us-west-2', 'the cache is shop-cache, restored from')).not.toEqual(
      [],
    );
  });

  it('stays where it is: another failover into this region is refused', async () => {
    expect(await stoppedBy(await begin(shop, 'once-more', OVERRIDE))).toContain('PlatformHere');
  });
});
