import { InvalidDBSnapshotStateFault } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/retention/expire.json' with { type: 'json' };
import { handler as expire } from '../../../functions/retention/expire.ts';
import type { RetentionPlan } from '../../../functions/retention/plan.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import { failure, once } from '../../support/vault.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T06:00:00Z');
});
afterEach(() => vi.useRealTimers());

const add = async (point: RecoveryPoint): Promise<RecoveryPoint> => {
  await shop.vault.addPoint(point);
  const tags = { DBSnapshotIdentifier: point.nativeId, TagList: [{ Key: 'lifeboat:recovery-point', Value: point.id }] };
  if (point.method === 'snapshot')
    for (const region of ['primary', 'recovery'] as const) shop.rds.addSnapshot(region, tags);
  return point;
};
const add3 = async () => {
  const first = await add(snapshotPoint(day('2026-09-01')));
  const second = await add(snapshotPoint(day('2026-09-02'), { status: 'verified' }));
  const newest = await add(snapshotPoint(day('2026-11-20'), { status: 'verified' }));
  return { first, second, newest };
};
const statuses = () => shop.vault.keys('catalog/').map((key) => JSON.parse(shop.vault.text(key)).status as string);
const run = (event: unknown = sample): Promise<Record<string, RetentionPlan>> => invoke(expire, event);

describe('retention', () => {
  it('deletes snapshots in both regions, then marks their points, and leaves the rest', async () => {
    const { first, second, newest } = await add3();
    const plans = await run();
    expect(plans['shop-db']?.remove.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(statuses()).toEqual(['expired', 'expired', 'verified']);
    expect([...shop.rds.primary.snapshots.keys()]).toEqual([newest.nativeId]);
    expect([...shop.rds.recovery.snapshots.keys()]).toEqual([newest.nativeId]);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'RetentionRemoved', value: 2, source: 'shop-db' });
  });

  it('does nothing more when it runs again, or twice at once', async () => {
    await add3();
    await Promise.all([run(), run()]);
    const changes = shop.rds.changes.length;
    await run();
    expect(shop.rds.changes).toHaveLength(changes);
    expect(statuses()).toEqual(['expired', 'expired', 'verified']);
    expect(shop.messages).toEqual([]);
  });

  it('with a dry run plans the same, deletes nothing and tells nobody', async () => {
    const { first } = await add3();
    const plans = await run({ dryRun: true });
    expect(plans['shop-db']?.remove[0]?.id).toBe(first.id);
    expect(shop.rds.changes).toEqual([]);
    expect(shop.vault.requests.filter((request) => request.startsWith('put'))).toEqual([]);
    expect(shop.telemetry.metrics()).toEqual([]);
  });

  it('in a dry run of a policy that would be refused tells nobody either', async () => {
    await add(snapshotPoint(day('2026-09-01')));
    const plans = await run({ dryRun: true });
    expect(plans['shop-db']?.refused).toHaveLength(1);
    expect(shop.messages).toEqual([]);
    expect(shop.telemetry.metrics()).toEqual([]);
  });

  it('refused for one point removes nothing at all, and tells people the whole list', async () => {
    const { first } = await add3();
    const uncopied = await add(snapshotPoint(day('2026-09-03'), { copies: [] }));
    await run();
    expect(shop.rds.changes).toEqual([]);
    expect(statuses()).not.toContain('expired');
    expect(shop.messages).toMatchObject([{ topic: 'warning' }]);
    expect(shop.messages[0]?.text).toContain(`must stay: ${uncopied.id}: not yet copied to the recovery region`);
    expect(shop.messages[0]?.text).toContain(`would go: ${first.id}`);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'RetentionRefused', value: 1, source: 'shop-db' });
  });

  it('takes a copy in another region than the recovery region for none', async () => {
    await add3();
    await add(
      snapshotPoint(day('2026-09-03'), {
        copies: [{ region: 'eu-west-1', snapshotId: 'x', status: 'available', attempts: 1 }],
      }),
    );
    await run();
    expect(shop.rds.changes).toEqual([]);
  });

  it('never deletes a snapshot that does not carry the tag of its point', async () => {
    const { first } = await add3();
    shop.rds.addSnapshot('primary', { DBSnapshotIdentifier: first.nativeId, TagList: [] });
    shop.rds.addSnapshot('recovery', {
      DBSnapshotIdentifier: first.nativeId,
      TagList: [{ Key: 'lifeboat:recovery-point', Value: 'another' }],
    });
    await run();
    expect(shop.rds.primary.snapshots.has(first.nativeId)).toBe(true);
    expect(shop.rds.recovery.snapshots.has(first.nativeId)).toBe(true);
  });

  it('leaves the objects of exports to the lifecycle of the vault', async () => {
    await add3();
    const ended = { class: 'compliance', expiresAt: '2026-11-01T00:00:00.000Z' } as const;
    const exported = await add(
      exportPoint(new Date('2026-09-01T03:00:00Z'), 'x', { status: 'stored', retention: ended }),
    );
    await add(exportPoint(new Date('2026-11-15T03:00:00Z'), 'x', { status: 'stored' }));
    await shop.vault.place(`rds-snapshots/2026/09/01/${exported.nativeId}/part.parquet`, 'data');
    await run();
    expect(shop.vault.point(exported.id).status).toBe('expired');
    expect(shop.vault.keys('rds-snapshots/')).toHaveLength(1);
    expect(shop.rds.changes.some((change) => change.includes(exported.nativeId))).toBe(false);
  });

  it('takes a snapshot that is gone already for deleted', async () => {
    const { first } = await add3();
    shop.rds.recovery.snapshots.delete(first.nativeId);
    await run();
    expect(shop.vault.point(first.id).status).toBe('expired');
  });

  it('tries every point, and then names what could not be removed; the next run removes it', async () => {
    const { first, second } = await add3();
    shop.rds.before = (operation, region, id) => {
      if (operation === 'DeleteDBSnapshot' && region === PRIMARY && id === first.nativeId)
        throw new InvalidDBSnapshotStateFault({ message: 'is being copied', $metadata: {} });
    };
    const running = run();
    await expect(running).rejects.toMatchObject({ name: 'RetentionIncomplete' });
    await expect(running).rejects.toThrow(new RegExp(`${first.id}: is being copied.*next run tries again`));
    expect(shop.vault.point(first.id).status).toBe('stored');
    expect(shop.vault.point(second.id).status).toBe('expired');
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'RetentionRemoved', value: 1, source: 'shop-db' });
    shop.rds.before = () => undefined;
    await run();
    expect(shop.vault.point(first.id).status).toBe('expired');
  });

  it.each([
    ['before', 'the recovery region refused'],
    ['after', 'the answer of the recovery region was lost'],
  ] as const)('is completed by the next run where %s it took effect %s', async (when, _) => {
    const { first } = await add3();
    let failed = false;
    shop.rds[when] = (operation, region) => {
      if (operation !== 'DeleteDBSnapshot' || region !== RECOVERY || failed) return;
      failed = true;
      throw refusal('TimeoutError');
    };
    await expect(run()).rejects.toMatchObject({ name: 'RetentionIncomplete' });
    await run();
    expect(shop.vault.point(first.id).status).toBe('expired');
    expect(shop.rds.primary.snapshots.has(first.nativeId)).toBe(false);
  });

  it('is completed by the next run where the catalogue could not be written', async () => {
    const { first } = await add3();
    shop.vault.before = once(failure('SlowDown', 503), (operation) => operation === 'put');
    await expect(run()).rejects.toMatchObject({ name: 'RetentionIncomplete' });
    await run();
    expect(shop.vault.point(first.id).status).toBe('expired');
  });

  it('fails where people could not be told of a refusal', async () => {
    await add(snapshotPoint(day('2026-09-01')));
    shop.publishing = () => {
      throw failure('Throttled', 429);
    };
    await expect(run()).rejects.toMatchObject({ name: 'Throttled' });
  });

  it('deletes nothing where the catalogue cannot be read whole', async () => {
    const { second } = await add3();
    await shop.vault.place(shop.vault.keys('catalog/')[1] ?? '', '{');
    await expect(run()).rejects.toMatchObject({ name: 'CatalogUnreadable', facts: { recoveryPoint: second.id } });
    expect(shop.rds.changes).toEqual([]);
  });

  it.each([[{ dryRun: 'true' }], [{ dryrun: true }], [null]])('refuses the request %j', async (event) => {
    await expect(run(event)).rejects.toMatchObject({ name: 'RequestInvalid' });
    expect(shop.rds.changes).toEqual([]);
  });
});
