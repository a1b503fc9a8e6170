// Damage planted in restored copies, and restores that go wrong: each has to end in the right verdict, by name, with the
// instance gone and people told. Real PostgreSQL, the packaged service, its machines and its permissions.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startMachine, untilEnded } from '../../local/story/observations.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { type ShopPlatform, startShop } from '../support/shop-platform.ts';
import { toldSince, toldSoFar } from '../support/told.ts';

let shop: ShopPlatform;
let point: RecoveryPoint;

beforeAll(async () => {
  shop = await startShop();
  point = await shop.backUp();
}, 180_000);
afterAll(() => shop?.stop());

const testInstances = async (): Promise<string[]> => {
  const { DBInstances } = await shop.ask<{ DBInstances: { DBInstanceIdentifier: string }[] }>(
    shop.primary,
    'rds',
    'DescribeDBInstances',
    {},
  );
  return DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier).filter((name) =>
    name.startsWith('lifeboat-'),
  );
};

/** Verifies the point; `tamper` runs on the restored copy, as its superuser, before anything looks at it. */
const verify = async (tamper?: string, hours = 4) => {
  const { clock } = shop.world;
  const told = await toldSoFar(shop);
  const execution = await startMachine(shop, 'verify-database', {
    source: shop.source,
    recoveryPoint: point.id,
    scheduledAt: clock.now().toISOString(),
  });
  await clock.settled();
  if (tamper) {
    const [instance] = await testInstances();
    const { host, port, user, password } = shop.primary.rds.server(instance as string);
    const admin = new pg.Client({ host, port, user, password, database: 'shop' });
    await admin.connect();
    await admin.query(tamper);
    await admin.end();
  }
  const status = await untilEnded(shop, execution, hours);
  expect(status).toBe('SUCCEEDED');
  expect(await testInstances()).toEqual([]);
  const last = (await shop.point(point.id)).verifications.at(-1);
  if (!last) throw new Error('No verdict was recorded.');
  // The same trouble within a quarter of an hour is counted in the log and told as a sum.
  const evidence = (await toldSince(shop, told)).flatMap((notice) => notice.evidence);
  // A line that is too long is cut.
  expect(evidence.map((line) => line.slice(0, 400))).toContain(last.reason.slice(0, 400));
  return last;
};

describe('a restored copy', () => {
  it('is PROVEN when nothing was changed', async () => {
    expect(await verify()).toMatchObject({ verdict: 'PROVEN', checks: 17, failedChecks: [] });
  }, 120_000);

  it.each([
    [
      'one value in one row',
      "UPDATE products SET title = title || '.' WHERE id = 42",
      /public\.products.*id=42.*digest/,
    ],
    ['a missing row', 'DELETE FROM payments WHERE id = 7', /public\.payments.*id=7/],
    [
      'a row too many',
      "INSERT INTO products (sku, title, description, price) VALUES ('SKU-X', 'x', 'x', 1)",
      /public\.products/,
    ],
    ['a dropped table', 'DROP TABLE payments', /payments/],
    ['a truncated table', 'TRUNCATE payments', /payments/],
  ])(
    'with %s is FAILED, by name',
    async (_, sql, named) => {
      const { verdict, reason, failedChecks } = await verify(sql);
      expect(verdict).toBe('FAILED');
      expect([reason, ...failedChecks].join('\n')).toMatch(named);
    },
    120_000,
  );

  it('that breaks several rules at once is FAILED, each of them by name', async () => {
    const { verdict, failedChecks } = await verify(`
      ALTER TABLE payments DROP CONSTRAINT payments_order_id_fkey; UPDATE payments SET order_id = -1 WHERE id = 3;
      ALTER TABLE customers ALTER email DROP NOT NULL; UPDATE customers SET email = NULL WHERE id = 3;
      UPDATE orders SET ordered_at = '2031-01-01' WHERE id = 3; UPDATE products SET price = -1 WHERE id = 3;
      UPDATE orders SET total = total + 1 WHERE id = 3`);
    expect(verdict).toBe('FAILED');
    for (const name of [
      'every payment has an order',
      'customers have an e-mail address',
      'no order lies in the future',
      'no product price is negative',
      'order totals equal their items',
    ])
      expect(failedChecks.join('\n')).toContain(name);
  }, 120_000);
});

describe('a restore that goes wrong', () => {
  it('and never becomes available is INCONCLUSIVE after its deadline', async () => {
    shop.primary.rds.hangRestores(true);
    try {
      expect(await verify(undefined, 8)).toMatchObject({ verdict: 'INCONCLUSIVE' });
    } finally {
      shop.primary.rds.hangRestores(false);
    }
  }, 240_000);

  it('and ends incompatible-restore is FAILED', async () => {
    shop.primary.rds.failNextRestore('incompatible-restore');
    const { verdict, reason } = await verify();
    expect(verdict).toBe('FAILED');
    expect(reason).toContain('incompatible-restore');
  }, 120_000);

  it('with a password that is no longer the one of the point is FAILED, and PROVEN with the one that is', async () => {
    const secret = 'shop/database';
    await shop.ask(shop.primary, 'secretsmanager', 'PutSecretValue', {
      SecretId: secret,
      SecretString: JSON.stringify({ username: 'shop', password: 'rotated' }),
    });
    expect(await verify()).toMatchObject({ verdict: 'PROVEN' });
    const { VersionIdsToStages } = await shop.ask<{ VersionIdsToStages: Record<string, string[]> }>(
      shop.primary,
      'secretsmanager',
      'DescribeSecret',
      { SecretId: secret },
    );
    expect(VersionIdsToStages[point.credential?.versionId ?? '']).toEqual(['AWSPREVIOUS']);
    expect(await verify("ALTER ROLE shop PASSWORD 'another'")).toMatchObject({ verdict: 'FAILED' });
  }, 180_000);

  it('because its key is disabled is not PROVEN, and says so', async () => {
    const { DBSnapshots } = await shop.ask<{ DBSnapshots: { KmsKeyId: string }[] }>(
      shop.primary,
      'rds',
      'DescribeDBSnapshots',
      { DBSnapshotIdentifier: point.nativeId },
    );
    const KeyId = DBSnapshots[0]?.KmsKeyId;
    await shop.ask(shop.primary, 'kms', 'DisableKey', { KeyId });
    try {
      const { verdict, reason } = await verify();
      expect(['FAILED', 'INCONCLUSIVE']).toContain(verdict);
      expect(reason).toMatch(/key|encryption/i);
    } finally {
      await shop.ask(shop.primary, 'kms', 'EnableKey', { KeyId });
    }
  }, 240_000);

  it('because the snapshot is gone is not PROVEN, and says so', async () => {
    await shop.ask(shop.primary, 'rds', 'DeleteDBSnapshot', { DBSnapshotIdentifier: point.nativeId });
    const { verdict, reason } = await verify();
    expect(['FAILED', 'INCONCLUSIVE']).toContain(verdict);
    expect(reason).toMatch(/snapshot/i);
  }, 120_000);
});
