import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/integrity/check-artifacts.json' with { type: 'json' };
import { handler as check } from '../../../functions/integrity/check-artifacts.ts';
import { writeArtifact } from '../../../shared/artifacts/artifacts.ts';
import { catalogKey } from '../../../shared/catalog/ids.ts';
import { VAULT } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, exportPoint, snapshotPoint } from '../../support/points.ts';
import { addExport } from './exports.ts';

let shop: ShopPlatform;
let parts: string[];
let id: string;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T05:00:00Z');
  const snapshot = await shop.vault.addPoint(snapshotPoint(day('2026-11-15')));
  ({ id, parts } = await addExport(shop, '2026-11-15', snapshot.id));
  shop.vault.requests.length = 0;
});
afterEach(() => vi.useRealTimers());

const run = (scheduledAt = sample.scheduledAt, remainingMs = 900_000) => invoke(check, { scheduledAt }, remainingMs);
const report = (date = '2026/11/20') => JSON.parse(shop.vault.text(`integrity/${date}/report.json`));
const findings = () =>
  (report().findings as { problem: string; uri: string }[]).map(
    ({ problem, uri }) => `${problem} ${uri.slice(`s3://${VAULT}/`.length)}`,
  );
const version = (key = parts[1] ?? '') => shop.vault.versions(key)[0] ?? expect.unreachable(`no version of ${key}`);
const bodiesRead = () => shop.vault.requests.filter((request) => request.startsWith('get rds-snapshots/'));

describe('the daily check of the vault', () => {
  it('of a whole vault finds nothing, counts everything, and tells nobody', async () => {
    const { complete, findings: found } = await run();
    expect({ complete, found }).toEqual({ complete: true, found: 0 });
    // The manifest and its three objects; and the documents: two of the catalogue, one manifest.
    expect(report().counts).toMatchObject({ checked: 7, reread: 7, archived: 0 });
    expect(shop.messages).toEqual([]);
    expect(shop.telemetry.metrics()).toEqual(
      expect.arrayContaining([
        { name: 'ArtifactsChecked', value: 7, source: 'vault' },
        { name: 'ArtifactsDamaged', value: 0, source: 'vault' },
        { name: 'ObjectsUnclaimed', value: 0, source: 'vault' },
      ]),
    );
  });

  it('is done once a day, however often it is asked for', async () => {
    shop.vault.remove(parts[0] ?? '');
    await run();
    await expect(run()).resolves.toMatchObject({ complete: true });
    expect(shop.messages).toHaveLength(1);
    expect(shop.vault.versions('integrity/2026/11/20/report.json')).toHaveLength(1);
  });

  it('looks at every object every day, and reads each once in thirty days', async () => {
    await run();
    const reads = new Map<string, number>();
    for (let n = 1; n <= 30; n++) {
      const from = shop.vault.requests.length;
      const at = new Date(Date.parse(sample.scheduledAt) + n * 86_400_000);
      await run(at.toISOString());
      const requests = shop.vault.requests.slice(from);
      expect(requests.filter((request) => request.startsWith('head rds-snapshots/'))).toHaveLength(3);
      for (const request of requests.filter((each) => each.startsWith('get rds-snapshots/')))
        reads.set(request, (reads.get(request) ?? 0) + 1);
    }
    expect([...reads.values()]).toEqual([1, 1, 1]);
    expect(reads.size).toBe(3);
  });

  it('makes up for days that were missed', async () => {
    await run();
    const from = shop.vault.requests.length;
    await run('2027-01-20T05:00:00Z');
    expect(shop.vault.requests.slice(from).filter((request) => request.startsWith('get rds-snapshots/'))).toHaveLength(
      3,
    );
  });
});

describe('damage', () => {
  it('of an object that is gone is found, with its recovery point, and people are told', async () => {
    shop.vault.remove(parts[1] ?? '');
    await expect(run()).resolves.toMatchObject({ complete: true, findings: 1 });
    expect(findings()).toEqual([`missing ${parts[1]}`]);
    expect(shop.messages).toMatchObject([{ topic: 'critical' }]);
    expect(shop.messages[0]?.text).toContain(id);
    expect(shop.messages[0]?.text).toMatch(/missing: s3:.*part-00001[\s\S]*integrity\/2026\/11\/20\/report\.json/);
    expect(shop.telemetry.metrics()).toContainEqual({ name: 'ArtifactsDamaged', value: 1, source: 'vault' });
  });

  it('of a version that is gone is found, though another stands in its place', async () => {
    const { body } = version();
    shop.vault.remove(parts[1] ?? '');
    await shop.vault.place(parts[1] ?? '', body);
    await run();
    expect(findings()).toEqual([`missing ${parts[1]}`]);
  });

  it('of the size is found without reading', async () => {
    await run();
    const target = version();
    target.body = Buffer.concat([target.body, Buffer.from('!')]);
    await run('2026-11-21T05:00:00Z');
    expect(report('2026/11/21').findings).toContainEqual(
      expect.objectContaining({ problem: 'size', recoveryPoint: id }),
    );
  });

  it('of the stored checksum is found without reading', async () => {
    await run();
    version().crc64nvme = 'AAAAAAAAAAA=';
    await run('2026-11-21T05:00:00Z');
    expect(report('2026/11/21').findings).toContainEqual(
      expect.objectContaining({ problem: 'stored checksum', recoveryPoint: id }),
    );
  });

  it('of one bit is found where the object is read', async () => {
    const { body } = version();
    body.writeUInt8(body.readUInt8(5) ^ 4, 5);
    await run();
    expect(findings()).toEqual([`content ${parts[1]}`]);
    expect(bodiesRead()).toHaveLength(3);
  });

  it('of a manifest is found, and does not hide that the rest was looked at', async () => {
    const { body } = version(`manifests/shop-db/${id}/000000.json`);
    body.writeUInt8(body.readUInt8(20) ^ 1, 20);
    await expect(run()).resolves.toMatchObject({ complete: true });
    expect(new Set(findings().map((each) => each.split(' ')[0]))).toEqual(new Set(['manifest', 'content']));
    expect(shop.messages).toHaveLength(1);
  });

  it('of a manifest that is gone is found', async () => {
    shop.vault.remove(`manifests/shop-db/${id}/000000.json`);
    await expect(run()).resolves.toMatchObject({ complete: true });
    expect(findings()).toEqual([`missing manifests/shop-db/${id}/000000.json`]);
  });

  it('of a document of the catalogue is found, and does not keep the others from being checked', async () => {
    const key = catalogKey('shop-db-20261115t020000z-scheduled');
    version(key).body = Buffer.from('{"schemaVersion": 1');
    shop.vault.remove(parts[2] ?? '');
    await run();
    expect(findings()).toEqual([`catalogue ${key}`, `missing ${parts[2]}`, `content ${key}`]);
  });

  it('of a fingerprint, evidence or report is found against its stored checksum', async () => {
    for (const key of [`fingerprints/shop-db/${id}/a.json`, `evidence/shop-db/${id}/b.json`, 'reports/2026/c.html']) {
      await writeArtifact(key, 'document');
      version(key).body = Buffer.from('documenT');
    }
    await run();
    expect(findings()).toEqual([
      `content evidence/shop-db/${id}/b.json`,
      `content fingerprints/shop-db/${id}/a.json`,
      'content reports/2026/c.html',
    ]);
  });

  it('is listed whole in the report, and the first twenty in the message', async () => {
    for (let n = 1; n <= 8; n++) {
      const { parts: more } = await addExport(shop, `2026-11-0${n}`);
      for (const key of more) shop.vault.remove(key);
    }
    await run();
    expect(report().findings).toHaveLength(24);
    expect(shop.messages[0]?.text.match(/ {2}- missing: /g)).toHaveLength(20);
    expect(shop.messages[0]?.subject).toContain('24 artefacts');
  });
});

describe('an object in an archive class', () => {
  it('is looked at, counted as archived, and not called damaged', async () => {
    version().archived = true;
    await run();
    expect(report()).toMatchObject({ counts: { archived: 1, checked: 7 }, findings: [] });
  });
});

describe('an expired recovery point', () => {
  it('may lose its objects: they end by lifecycle', async () => {
    await shop.vault.addPoint({ ...shop.vault.point(id), status: 'expired' });
    for (const key of parts) shop.vault.remove(key);
    await expect(run()).resolves.toMatchObject({ complete: true, findings: 0 });
  });
});

describe('what no recovery point claims', () => {
  it.each([
    ['rds-snapshots/2026/11/20/by-hand/data.parquet', null],
    [
      'rds-snapshots/2026/11/15/lifeboat-shop-db-20261115t030000z-export/shop/public.extra/1/part.parquet',
      'shop-db-20261115t030000z-export',
    ],
    [
      'rds-snapshots/2026/11/01/lifeboat-shop-db-20261101t030000z-export/part.parquet',
      'shop-db-20261101t030000z-export',
    ],
    ['manifests/shop-db/shop-db-20261101t030000z-export/000000.json', 'shop-db-20261101t030000z-export'],
    ['evidence/shop-db/notes.txt', null],
  ])('is reported as unclaimed, not as damage: %s', async (key, point) => {
    await shop.vault.place(key, 'x');
    await expect(run()).resolves.toMatchObject({ findings: 1 });
    expect(report().findings).toMatchObject([
      { problem: 'unclaimed', uri: `s3://${VAULT}/${key}`, recoveryPoint: point },
    ]);
    expect(shop.messages).toMatchObject([
      { topic: 'warning', subject: expect.stringContaining('belong to no recovery point') },
    ]);
    expect(shop.telemetry.metrics()).toEqual(
      expect.arrayContaining([
        { name: 'ObjectsUnclaimed', value: 1, source: 'vault' },
        { name: 'ArtifactsDamaged', value: 0, source: 'vault' },
      ]),
    );
  });

  it('is told with one reading of a point, however many objects it has', async () => {
    await run();
    const reads = shop.vault.requests.filter((request) => request === `get ${catalogKey(id)}`);
    // Once for its objects, once as a document, once for each of the folders rds-snapshots/ and manifests/.
    expect(reads).toHaveLength(4);
  });

  it.each(['started', 'failed'] as const)('is not what an export that is %s has written so far', async (status) => {
    const point = await shop.vault.addPoint(exportPoint(new Date('2026-11-20T03:00:00Z'), 'x', { status }));
    await shop.vault.place(`rds-snapshots/2026/11/20/${point.nativeId}/shop/public.a/1/part.parquet`, 'x');
    await expect(run()).resolves.toMatchObject({ findings: 0 });
  });
});
