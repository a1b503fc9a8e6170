import { readFile, writeFile } from 'node:fs/promises';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { handler as openPoint } from '../../../functions/redis/open-point.ts';
import { handler as settlePoint } from '../../../functions/redis/settle-point.ts';
import type { RecoveryPoint } from '../../../shared/catalog/recovery-point.ts';
import { RdbSummary } from '../../../shared/redis/rdb/summary.ts';
import { type CachePlatform, GROUP, openCachePlatform } from '../../support/cache-platform.ts';
import { EXCHANGE, VAULT } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { EVERY_TYPE, everyType } from '../../support/redis.ts';

let cache: CachePlatform;
beforeAll(async () => {
  cache = await openCachePlatform();
  await cache.redis(GROUP, ...everyType(4_000_000_000), ['WAIT', '2', '10000']);
});
afterAll(() => cache[Symbol.asyncDispose]());
beforeEach(() => cache.begin());

let hour = 0;
/** Opens the point of the next hour. */
const open = async (purpose = 'scheduled'): Promise<string> => {
  const scheduledAt = new Date(Date.UTC(2026, 10, 20, hour++)).toISOString();
  const { recoveryPoint } = await invoke(openPoint, { source: 'shop-cache', scheduledAt, purpose });
  return recoveryPoint;
};
const look = async (recoveryPoint: string) => {
  const seen = await invoke(settlePoint, { recoveryPoint }, 600_000);
  await cache.world.clock.settled();
  return seen;
};
/** Looks until nothing more comes of it, and counts the looks. */
const settle = async (recoveryPoint: string, most = 12) => {
  for (let looks = 1; looks <= most; looks++) {
    const seen = await look(recoveryPoint);
    if (seen.done) return { ...seen, looks };
  }
  throw new Error(`not done after ${most} looks`);
};
const archiveOf = (recoveryPoint: string): string => recoveryPoint.replace(/-([a-z]+(?:-[a-z]+)?)$/, '-$1-export');

describe('the backup of a cache', { timeout: 120_000 }, () => {
  it('goes from a replica by way of the exchange bucket into the vault, checked and counted on the way', async () => {
    const id = await open();
    expect(await look(id)).toMatchObject({ status: 'started', archive: null, done: false });
    expect(await look(id)).toMatchObject({ status: 'stored', archive: { status: 'started' }, done: false });
    expect(await look(id)).toMatchObject({ status: 'stored', archive: { status: 'stored' }, done: true });

    const [snapshot, archive] = [await cache.point(id), await cache.point(archiveOf(id))];
    expect(snapshot).toMatchObject({
      kind: 'elasticache-redis',
      method: 'snapshot',
      status: 'stored',
      cache: { node: expect.stringMatching(/^shop-cache-00[23]$/), engine: expect.stringMatching(/^(redis|valkey)$/) },
      retention: { class: 'snapshot', expiresAt: '2026-12-20T00:00:00.000Z' },
    });
    expect(archive).toMatchObject({
      method: 'export',
      status: 'stored',
      parent: id,
      pointInTime: snapshot.pointInTime,
      cache: { archive: { checked: 'whole', keys: EVERY_TYPE.keys, expiring: EVERY_TYPE.expiring } },
      retention: { class: 'archive', expiresAt: '2027-02-18T00:00:00.000Z' },
    });
    expect(await cache.keys(EXCHANGE)).toEqual([]);
    const [file, document] = archive.artifacts;
    const key = `redis-snapshots/2026/11/20/${archive.id}/0001.rdb`;
    expect(file?.uri).toBe(`s3://${VAULT}/${key}`);
    const taken = await readFile(cache.region.elasticache.snapshotFile(snapshot.nativeId));
    expect((await cache.read(VAULT, key)).equals(taken)).toBe(true);
    expect(file?.bytes).toBe(taken.length);
    const head = await cache.ask<{ ServerSideEncryption: string; Metadata: object; ChecksumCRC64NVME: string }>(
      's3',
      'HeadObject',
      { Bucket: VAULT, Key: key, ChecksumMode: 'ENABLED' },
    );
    expect(head).toMatchObject({
      ServerSideEncryption: 'aws:kms',
      ChecksumCRC64NVME: file?.crc64nvme,
      Metadata: { keys: String(EVERY_TYPE.keys), 'source-node': snapshot.cache?.node, sha256: file?.sha256 },
    });
    const summary = RdbSummary.parse(
      JSON.parse((await cache.read(VAULT, document?.uri.split(`${VAULT}/`)[1] ?? '')).toString()),
    );
    expect(summary).toMatchObject({ ...EVERY_TYPE, checksum: 'verified' });
    expect(cache.messages).toEqual([]);
  });

  it('takes turns: the next is of another replica', async () => {
    const points: RecoveryPoint[] = [];
    for (let i = 0; i < 3; i++) {
      const id = await open();
      await settle(id);
      points.push(await cache.point(id));
    }
    const nodes = points.map((point) => point.cache?.node);
    expect(new Set(nodes)).toEqual(new Set(['shop-cache-002', 'shop-cache-003']));
    expect(nodes[0]).not.toBe(nodes[1]);
    expect(nodes[0]).toBe(nodes[2]);
  });

  it('looked at from several sides at once is one snapshot and one archive', async () => {
    const id = await open();
    for (let i = 0; i < 6; i++) {
      const looks = Array.from({ length: 3 }, () => invoke(settlePoint, { recoveryPoint: id }, 600_000));
      const ended = await Promise.allSettled(looks);
      for (const each of ended) if (each.status === 'rejected') throw each.reason;
      await cache.world.clock.settled();
    }
    expect((await cache.snapshots()).filter(({ SnapshotName }) => SnapshotName?.includes(id))).toHaveLength(1);
    expect((await cache.point(archiveOf(id))).status).toBe('stored');
    expect(await cache.keys(EXCHANGE)).toEqual([]);
  });

  it('asked for again under the same name does nothing more', async () => {
    const id = await open();
    await settle(id);
    const before = await cache.point(archiveOf(id));
    await settle(id);
    expect(await cache.point(archiveOf(id))).toEqual(before);
  });

  it('whose export wrote nothing has it asked for again', async () => {
    const id = await open();
    await look(id);
    cache.region.elasticache.failNextExport();
    await look(id);
    expect(await cache.keys(EXCHANGE)).toEqual([]);
    expect(await settle(id)).toMatchObject({ archive: { status: 'stored' } });
    expect((await cache.point(archiveOf(id))).cache?.exports).toBe(2);
  });

  it('whose exports never write anything fails by name, and people are told once', async () => {
    const id = await open();
    await look(id);
    for (let i = 0; i < 4; i++) {
      cache.region.elasticache.failNextExport();
      await look(id);
    }
    expect(await settle(id)).toMatchObject({ status: 'stored', archive: { status: 'failed' } });
    expect((await cache.point(archiveOf(id))).failure).toMatch(/wrote no file that could be used, asked 4 times/);
    expect(cache.messages).toMatchObject([{ topic: 'critical' }]);
    expect(cache.messages[0]?.text).toMatch(/start-execution .*backup-redis/);
    await settle(id);
    expect(cache.messages).toHaveLength(1);
  });

  it('whose file comes damaged is not let into the vault, and is asked for again', async () => {
    const id = await open();
    await look(id);
    await look(id);
    const key = `lifeboat-${archiveOf(id)}-0001.rdb`;
    const whole = await cache.read(EXCHANGE, key);
    const flipped = Buffer.from(whole);
    flipped[1000] = (flipped[1000] as number) ^ 8;
    await cache.write(EXCHANGE, key, flipped);
    expect(await look(id)).toMatchObject({ archive: { status: 'started' }, done: false });
    expect(
      await cache.keys(VAULT, 'redis-snapshots/').then((keys) => keys.filter((each) => each.includes(id))),
    ).toEqual([]);
    expect(await cache.keys(EXCHANGE)).toEqual([]);
    expect(await settle(id)).toMatchObject({ archive: { status: 'stored' } });
  });

  it('whose snapshot is damaged fails with its archive, after the file was asked for again and again', async () => {
    const id = await open();
    await look(id);
    const { nativeId } = await cache.point(id);
    const path = cache.region.elasticache.snapshotFile(nativeId);
    const file = await readFile(path);
    await writeFile(path, file.subarray(0, file.length - 20));
    expect(await settle(id)).toMatchObject({ status: 'stored', archive: { status: 'failed' } });
    expect((await cache.point(archiveOf(id))).failure).toMatch(/asked 4 times/);
  });

  it('of a format that is not known here is kept as it is, and people are told', async () => {
    const id = await open();
    await look(id);
    await look(id);
    const key = `lifeboat-${archiveOf(id)}-0001.rdb`;
    const newer = Buffer.from(await cache.read(EXCHANGE, key));
    newer.write('REDIS0042', 0);
    await cache.write(EXCHANGE, key, newer);
    expect(await settle(id)).toMatchObject({ archive: { status: 'stored' } });
    const archive = await cache.point(archiveOf(id));
    expect(archive.cache?.archive).toEqual({ checked: 'not understood' });
    expect(archive.artifacts).toHaveLength(1);
    expect((await cache.read(VAULT, `redis-snapshots/2026/11/20/${archive.id}/0001.rdb`)).equals(newer)).toBe(true);
    expect(cache.messages).toMatchObject([{ topic: 'warning' }]);
    expect(cache.messages[0]?.text).toMatch(/RDB version 42[\s\S]*Upgrade this service/);
    await settle(await open());
    expect(cache.messages.at(-1)?.notice).toMatchObject({ state: 'recovered' });
  });

  it('that ElastiCache calls failed fails by name', async () => {
    cache.region.elasticache.failNextSnapshot();
    expect(await settle(await open())).toMatchObject({ status: 'failed', archive: null });
    expect(cache.messages[0]?.text).toMatch(/ElastiCache says that the snapshot failed/);
    await settle(await open());
    expect(cache.messages.at(-1)?.notice).toMatchObject({ state: 'recovered' });
  });

  it('whose copy in the vault is not what was read is not stored', async () => {
    const id = await open();
    await look(id);
    await look(id);
    const send = S3Client.prototype.send;
    S3Client.prototype.send = async function (this: S3Client, ...args: never[]) {
      const answer = await (send as (...all: unknown[]) => Promise<Record<string, unknown>>).apply(this, args);
      return (args[0] as unknown) instanceof HeadObjectCommand
        ? { ...answer, ChecksumCRC64NVME: 'AAAAAAAAAAA=' }
        : answer;
    } as never;
    try {
      await expect(look(id)).rejects.toMatchObject({ name: 'ArtifactDamaged' });
    } finally {
      S3Client.prototype.send = send;
    }
    expect((await cache.point(archiveOf(id))).status).toBe('started');
    expect(await settle(id)).toMatchObject({ archive: { status: 'stored' } });
  });

  it('that could not be begun within its hour is given up: the next one is due', async () => {
    const id = await open();
    const point = await cache.point(id);
    await cache.addPoint({
      ...point,
      startedAt: new Date(Date.now() - 3_700_000).toISOString(),
      waitsForQuotaSince: '2026-11-20T00:00:01.000Z',
    });
    expect(await settle(id)).toMatchObject({ status: 'failed' });
    expect((await cache.point(id)).failure).toMatch(/never made: no node could be asked since 2026-11-20T00:00:01/);
  });
});
