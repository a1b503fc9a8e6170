import { RDSServiceException, SnapshotQuotaExceededFault } from '@aws-sdk/client-rds';
import { ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/rds/snapshot.json' with { type: 'json' };
import { handler as openPoint } from '../../../functions/rds/open-point.ts';
import { handler as snapshot } from '../../../functions/rds/snapshot.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { refusal } from '../../support/rds-api.ts';
import { failure, once } from '../../support/vault.ts';

const ID = 'shop-db-20261120t020000z-scheduled';
const NATIVE = `lifeboat-${ID}`;

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T02:00:07Z');
});
afterEach(() => vi.useRealTimers());

describe('opening the recovery point of a snapshot', () => {
  it('names it after the scheduled time and purpose, with what a restore will need', async () => {
    await expect(invoke(openPoint, sample)).resolves.toEqual({ source: 'shop-db', recoveryPoint: ID, created: true });
    expect(shop.vault.point(ID)).toMatchObject({
      status: 'started',
      purpose: 'scheduled',
      scheduledAt: '2026-11-20T02:00:00.000Z',
      startedAt: '2026-11-20T02:00:07.000Z',
      nativeId: NATIVE,
      credential: { secret: 'shop/database', versionId: 'current' },
      retention: { class: 'daily', expiresAt: '2026-12-20T02:00:00.000Z' },
    });
  });

  it('finds its own when it runs again, however much later', async () => {
    await invoke(openPoint, sample);
    shop.setTime('2026-11-20T09:00:00Z');
    await expect(invoke(openPoint, sample)).resolves.toMatchObject({ recoveryPoint: ID, created: false });
    expect(shop.vault.keys()).toHaveLength(1);
    expect(shop.vault.point(ID).startedAt).toBe('2026-11-20T02:00:07.000Z');
  });

  it('opens one when many run at once', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => invoke(openPoint, sample)));
    expect(runs.filter(({ created }) => created)).toHaveLength(1);
    expect(shop.vault.keys()).toHaveLength(1);
  });

  it.each([
    ['pre-migration', 'pre-change', '2027-02-18'],
    ['pre-recovery', 'pre-change', '2027-02-18'],
    ['on-demand', 'pre-change', '2027-02-18'],
    ['scheduled', 'daily', '2026-12-20'],
  ])('keeps a %s point for the class %s, until %s', async (purpose, retention, until) => {
    const { recoveryPoint } = await invoke(openPoint, { ...sample, purpose });
    expect(shop.vault.point(recoveryPoint).retention).toEqual({
      class: retention,
      expiresAt: `${until}T02:00:00.000Z`,
    });
  });

  it('tells two purposes at the same time apart', async () => {
    await invoke(openPoint, sample);
    await invoke(openPoint, { ...sample, purpose: 'pre-migration' });
    expect(shop.vault.keys()).toHaveLength(2);
  });

  it('has no credential where the secret has no current version', async () => {
    shop.secretVersions = { pending: ['AWSPENDING'] };
    await invoke(openPoint, sample);
    expect(shop.vault.point(ID).credential).toBeUndefined();
  });
});

describe('a secret', () => {
  it('that is not there stops no backup; the point then has no credential', async () => {
    shop.readingSecret = () => {
      throw new ResourceNotFoundException({ message: 'no secret', $metadata: {} });
    };
    await expect(invoke(openPoint, sample)).resolves.toMatchObject({ created: true });
    expect(shop.vault.point(ID).credential).toBeUndefined();
    expect(shop.telemetry.logs()).toContainEqual(expect.objectContaining({ level: 'WARN', message: 'secret missing' }));
  });

  it('that cannot be looked at for another reason is no missing one', async () => {
    shop.readingSecret = () => {
      throw failure('AccessDeniedException', 400);
    };
    await expect(invoke(openPoint, sample)).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(shop.vault.keys()).toEqual([]);
  });
});

describe('starting a snapshot', () => {
  it('asks RDS for one, tagged with its recovery point and purpose', async () => {
    await expect(invoke(snapshot, sample)).resolves.toEqual({ source: 'shop-db', recoveryPoint: ID, started: true });
    expect(shop.rds.inputs('CreateDBSnapshot')).toEqual([
      {
        DBInstanceIdentifier: 'shop-db',
        DBSnapshotIdentifier: NATIVE,
        Tags: [
          { Key: 'lifeboat:recovery-point', Value: ID },
          { Key: 'lifeboat:service', Value: 'lifeboat-shop-test' },
          { Key: 'lifeboat:purpose', Value: 'scheduled' },
        ],
      },
    ]);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'BackupStarted', value: 1, source: 'shop-db' });
  });

  it('adopts the snapshot of an earlier run, and counts it once', async () => {
    await invoke(snapshot, sample);
    await expect(invoke(snapshot, sample)).resolves.toMatchObject({ started: true });
    expect([...shop.rds.primary.snapshots.keys()]).toEqual([NATIVE]);
    expect(shop.telemetry.metrics().filter(({ name }) => name === 'BackupStarted')).toHaveLength(1);
  });

  it('makes one when many run at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => invoke(snapshot, sample)));
    expect([...shop.rds.primary.snapshots.keys()]).toEqual([NATIVE]);
    expect(shop.vault.keys()).toHaveLength(1);
    expect(shop.telemetry.metrics().filter(({ name }) => name === 'BackupStarted')).toHaveLength(1);
  });

  it('asks nothing more of RDS once its point is further on', async () => {
    await invoke(openPoint, sample);
    const point = shop.vault.point(ID);
    await shop.vault.addPoint({ ...point, status: 'stored' });
    await expect(invoke(snapshot, sample)).resolves.toMatchObject({ started: true });
    expect(shop.rds.changes).toEqual([]);
  });

  it('waits where the quota of snapshots is used up: that is no error', async () => {
    shop.rds.before = () => {
      throw new SnapshotQuotaExceededFault({ message: 'quota', $metadata: {} });
    };
    await expect(invoke(snapshot, sample)).resolves.toMatchObject({ started: false });
    expect(shop.vault.point(ID).status).toBe('started');
  });

  it('names a missing instance, and what to do about it', async () => {
    shop.rds.primary.instances.clear();
    const starting = invoke(snapshot, sample);
    await expect(starting).rejects.toMatchObject({
      name: 'InstanceMissing',
      facts: { source: 'shop-db', recoveryPoint: ID },
    });
    await expect(starting).rejects.toThrow(/Correct the configuration/);
  });

  it.each(['Throttling', 'InvalidDBInstanceStateFault', 'TimeoutError', 'AccessDenied', 'InternalFailure'])(
    'lets %s leave under its own name, for the machine to retry',
    async (name) => {
      shop.rds.before = () => {
        throw refusal(name);
      };
      const starting = invoke(snapshot, sample);
      await expect(starting).rejects.toBeInstanceOf(RDSServiceException);
      await expect(starting).rejects.toMatchObject({ name });
    },
  );

  it('finds its own snapshot where the answer of the first request was lost', async () => {
    let lost = false;
    shop.rds.after = (operation) => {
      if (operation !== 'CreateDBSnapshot' || lost) return;
      lost = true;
      throw refusal('TimeoutError');
    };
    await expect(invoke(snapshot, sample)).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(invoke(snapshot, sample)).resolves.toMatchObject({ started: true });
    expect([...shop.rds.primary.snapshots.keys()]).toEqual([NATIVE]);
  });

  it.each([
    ['put', 'before'],
    ['put', 'after'],
    ['get', 'before'],
  ] as const)('is completed by the next run where S3 failed at its %s, %s it took effect', async (operation, when) => {
    shop.vault[when] = once(failure('InternalError', 500), (each) => each === operation);
    await expect(invoke(snapshot, sample)).rejects.toMatchObject({ name: 'InternalError' });
    await expect(invoke(snapshot, sample)).resolves.toMatchObject({ started: true });
    expect(shop.vault.keys()).toHaveLength(1);
    expect([...shop.rds.primary.snapshots.keys()]).toEqual([NATIVE]);
  });
});

describe.each([
  ['open-point', openPoint],
  ['snapshot', snapshot],
])('%s', (_, handler) => {
  it.each([
    ['a misspelt field', { ...sample, porpuse: 'scheduled' }, /porpuse/],
    ['no source', { scheduledAt: sample.scheduledAt }, /source/],
    ['no scheduled time', { source: 'shop-db' }, /scheduledAt/],
    ['a time that is none', { ...sample, scheduledAt: 'yesterday' }, /scheduledAt/],
    ['a purpose nobody knows', { ...sample, purpose: 'just-because' }, /purpose/],
    ['nothing', null, /expected object/],
  ])('refuses %s before anything is asked of anybody', async (_, event, message) => {
    await expect(invoke(handler as never, event)).rejects.toMatchObject({ name: 'RequestInvalid' });
    await expect(invoke(handler as never, event)).rejects.toThrow(message);
    expect(shop.rds.changes).toEqual([]);
    expect(shop.vault.requests).toEqual([]);
  });

  it('names a source that is not configured', async () => {
    await expect(invoke(handler as never, { ...sample, source: 'shop-bd' })).rejects.toMatchObject({
      name: 'SourceUnknown',
    });
  });
});
