import { InvalidDBSnapshotStateFault, KMSKeyNotAccessibleFault, SnapshotQuotaExceededFault } from '@aws-sdk/client-rds';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/settle-point.json' with { type: 'json' };
import { handler as settle } from '../../../functions/rds/settle-point.ts';
import { handler as snapshot } from '../../../functions/rds/snapshot.ts';
import { ACCOUNT, PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { refusal } from '../../support/rds-api.ts';

const ID = sample.recoveryPoint;
const NATIVE = `lifeboat-${ID}`;
const request = { source: 'shop-db', scheduledAt: '2026-11-20T02:00:00Z', purpose: 'scheduled' };

let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T02:00:00Z');
  await invoke(snapshot, request);
  shop.setTime('2026-11-20T02:03:00Z');
});
afterEach(() => vi.useRealTimers());

/** RDS finishes the snapshot, at 02:01. */
const finish = (change = {}): void =>
  void Object.assign(shop.rds.primary.snapshots.get(NATIVE) ?? {}, {
    Status: 'available',
    SnapshotCreateTime: new Date('2026-11-20T02:01:00Z'),
    EngineVersion: '16.10',
    ...change,
  });
const copyIs = (Status: string): void => void Object.assign(shop.rds.recovery.snapshots.get(NATIVE) ?? {}, { Status });
const copy = () => shop.vault.point(ID).copies[0];
const metrics = () => shop.telemetry.metrics().map(({ name, value }) => `${name} ${value}`);
const times = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n++) await invoke(settle, sample);
};

describe('the copy in the recovery region', () => {
  beforeEach(() => finish());

  it('is asked for from there, encrypted with the key of there, tagged with its point', async () => {
    await times(1);
    expect(shop.rds.inputs('CopyDBSnapshot')).toEqual([
      {
        SourceDBSnapshotIdentifier: `arn:aws:rds:${PRIMARY}:${ACCOUNT}:snapshot:${NATIVE}`,
        TargetDBSnapshotIdentifier: NATIVE,
        KmsKeyId: `arn:aws:kms:${RECOVERY}:${ACCOUNT}:key/mrk-vault`,
        Tags: expect.arrayContaining([{ Key: 'lifeboat:recovery-point', Value: ID }]),
      },
    ]);
    expect(shop.rds.changes.at(-1)).toBe(`${RECOVERY} CopyDBSnapshot ${NATIVE}`);
  });

  it('is available with its lag from the time of the snapshot', async () => {
    await times(2);
    expect(copy()).toMatchObject({ status: 'copying' });
    copyIs('available');
    shop.setTime('2026-11-20T02:11:00Z');
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'available' }] });
    expect(copy()).toMatchObject({ status: 'available', lagSeconds: 600, completedAt: '2026-11-20T02:11:00.000Z' });
    expect(metrics()).toContain('CopyLag 600');
    expect(shop.messages).toEqual([]);
    const versions = shop.vault.requests.length;
    await times(2);
    expect(shop.vault.requests.slice(versions).filter((each) => each.startsWith('put'))).toEqual([]);
  });

  it('that took longer than its objective is reported', async () => {
    await times(1);
    copyIs('available');
    shop.setTime('2026-11-20T02:20:00Z');
    await times(1);
    expect(shop.messages).toEqual([expect.objectContaining({ topic: 'warning' })]);
    expect(shop.messages[0]?.text).toMatch(/lag: 1140 s[\s\S]*objective: 900 s/);
  });

  it('waits while twenty others are in flight, over all pages of them, and goes when there is room', async () => {
    for (let n = 0; n < 20; n++)
      shop.rds.addSnapshot('recovery', {
        DBSnapshotIdentifier: `other-${n}`,
        Status: 'creating',
        SourceRegion: PRIMARY,
      });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'stored', copies: [{ status: 'waiting' }] });
    expect(shop.messages).toEqual([]);
    shop.rds.recovery.snapshots.delete('other-7');
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'copying' }] });
  });

  it('does not count snapshots that are made there', async () => {
    for (let n = 0; n < 20; n++)
      shop.rds.addSnapshot('recovery', { DBSnapshotIdentifier: `other-${n}`, Status: 'creating' });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'copying' }] });
  });

  it('waits where the quota is used up all the same: that is no error', async () => {
    shop.rds.before = (operation) => {
      if (operation === 'CopyDBSnapshot') throw new SnapshotQuotaExceededFault({ message: 'quota', $metadata: {} });
    };
    await expect(invoke(settle, sample)).resolves.toMatchObject({ status: 'stored', copies: [{ status: 'waiting' }] });
    expect(copy()?.attempts).toBe(0);
    expect(shop.messages).toEqual([]);
  });

  it('is adopted where the answer to the request was lost', async () => {
    let lost = false;
    shop.rds.after = (operation) => {
      if (operation !== 'CopyDBSnapshot' || lost) return;
      lost = true;
      throw refusal('TimeoutError');
    };
    await expect(invoke(settle, sample)).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(copy()).toMatchObject({ status: 'waiting' });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'copying' }] });
    expect([...shop.rds.recovery.snapshots.keys()]).toEqual([NATIVE]);
  });

  it('is adopted where another asked for it in between', async () => {
    shop.rds.before = (operation) => {
      if (operation === 'CopyDBSnapshot')
        shop.rds.addSnapshot('recovery', { DBSnapshotIdentifier: NATIVE, Status: 'creating', SourceRegion: PRIMARY });
    };
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'copying' }] });
  });

  it('that RDS refuses leaves under the name RDS gave, and is tried again by the next look', async () => {
    let refused = false;
    shop.rds.before = (operation) => {
      if (operation !== 'CopyDBSnapshot' || refused) return;
      refused = true;
      throw new KMSKeyNotAccessibleFault({ message: 'disabled', $metadata: {} });
    };
    await expect(invoke(settle, sample)).rejects.toMatchObject({ name: 'KMSKeyNotAccessibleFault' });
    await expect(invoke(settle, sample)).resolves.toMatchObject({ copies: [{ status: 'copying' }] });
  });

  it('that fails is removed and tried again, three times in all, then people are told once', async () => {
    await times(1);
    for (const attempt of [1, 2]) {
      expect(copy()).toMatchObject({ status: 'copying', attempts: attempt });
      copyIs('failed');
      await times(1);
      expect(copy()).toMatchObject({ status: 'waiting' });
      expect(shop.rds.recovery.snapshots.size).toBe(0);
      await times(1);
    }
    expect(copy()).toMatchObject({ status: 'copying', attempts: 3 });
    copyIs('failed');
    await times(3);
    expect(copy()).toMatchObject({ status: 'failed', attempts: 3 });
    expect(shop.messages).toEqual([expect.objectContaining({ topic: 'critical' })]);
    expect(shop.messages[0]?.text).toMatch(/If us-east-1 were lost now[\s\S]*attempts: 3/);
    expect(metrics().filter((metric) => metric.startsWith('CopyFailed'))).toHaveLength(1);
    expect(shop.vault.point(ID).status).toBe('stored');
  });

  it('that is gone is made again', async () => {
    await times(1);
    shop.rds.recovery.snapshots.clear();
    await times(2);
    expect(copy()).toMatchObject({ status: 'copying', attempts: 2 });
    expect(shop.rds.recovery.snapshots.has(NATIVE)).toBe(true);
  });

  it('that stands there failed from before is removed before it is asked for', async () => {
    shop.rds.addSnapshot('recovery', { DBSnapshotIdentifier: NATIVE, Status: 'failed' });
    await times(1);
    expect(shop.rds.recovery.snapshots.size).toBe(0);
    await times(1);
    expect(copy()).toMatchObject({ status: 'copying' });
  });

  it('that somebody else removed first is as good as removed', async () => {
    await times(1);
    copyIs('failed');
    shop.rds.before = (operation) => {
      if (operation === 'DeleteDBSnapshot') shop.rds.recovery.snapshots.clear();
    };
    await times(1);
    expect(copy()).toMatchObject({ status: 'waiting' });
  });

  it('that cannot be removed now leaves under the name RDS gave', async () => {
    await times(1);
    copyIs('failed');
    shop.rds.before = (operation) => {
      if (operation === 'DeleteDBSnapshot') throw new InvalidDBSnapshotStateFault({ message: 'busy', $metadata: {} });
    };
    await expect(invoke(settle, sample)).rejects.toMatchObject({ name: 'InvalidDBSnapshotStateFault' });
  });
});
