import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/integrity/check-artifacts.json' with { type: 'json' };
import { handler as check } from '../../../functions/integrity/check-artifacts.ts';
import { VAULT } from '../../support/environment.ts';
import { contextFor } from '../../support/lambda-context.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { day, snapshotPoint } from '../../support/points.ts';
import { failure, once } from '../../support/vault.ts';
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

describe('a run that is cut off', () => {
  /** As many questions for the time are answered with plenty, then with nothing. */
  const runFor = (steps: number) => {
    let asked = 0;
    const context = {
      ...contextFor('check', 0),
      getRemainingTimeInMillis: () => (asked++ <= steps ? 900_000 : 10_000),
    };
    return check(sample as never, context as never);
  };

  it('goes on with the next object, in the end has done each once, and finds what one run finds', async () => {
    await addExport(shop, '2026-11-16');
    shop.vault.remove(parts[1] ?? '');
    version(`manifests/shop-db/${id}/000000.json`).crc64nvme = 'AAAAAAAAAAA=';
    let calls = 0;
    let complete = false;
    for (; !complete && calls < 40; calls++) ({ complete } = await runFor(2));
    expect(complete).toBe(true);
    expect(calls).toBeGreaterThan(4);
    const heads = shop.vault.requests.filter((request) => request.startsWith('head rds-snapshots/'));
    expect(heads).toHaveLength(6);
    expect(new Set(heads).size).toBe(6);
    expect(findings().sort()).toEqual([
      `content manifests/shop-db/${id}/000000.json`,
      `missing ${parts[1]}`,
      `stored checksum manifests/shop-db/${id}/000000.json`,
    ]);
    expect(shop.messages).toHaveLength(1);
  });

  it('with damage to a manifest names it once', async () => {
    const { body } = version(`manifests/shop-db/${id}/000000.json`);
    body.writeUInt8(body.readUInt8(20) ^ 1, 20);
    for (let n = 0, complete = false; !complete && n < 40; n++) ({ complete } = await runFor(1));
    expect(findings().filter((each) => each.startsWith('manifest '))).toHaveLength(1);
  });

  it('says that it is not complete, and has told nobody yet', async () => {
    shop.vault.remove(parts[0] ?? '');
    await expect(runFor(3)).resolves.toMatchObject({ complete: false });
    expect(shop.messages).toEqual([]);
    expect(shop.vault.keys('integrity/')).toEqual(['integrity/progress.json']);
  });

  it('on another day begins anew, with the shares of both days', async () => {
    await run('2026-11-18T05:00:00Z');
    shop.vault.requests.length = 0;
    await invoke(check, { scheduledAt: '2026-11-19T05:00:00Z' }, 20_000);
    await run();
    expect(JSON.parse(shop.vault.text('integrity/progress.json'))).toEqual({ lastComplete: 20_777 });
    expect(shop.vault.requests.filter((request) => request.startsWith('head rds-snapshots/'))).toHaveLength(3);
  });
});

describe('the check fails by name, and the next run does the work, where', () => {
  it.each([
    ['S3 refuses to look', once(failure('SlowDown', 503), (operation) => operation === 'head'), 'SlowDown'],
    [
      'S3 refuses to read',
      once(failure('AccessDenied', 403), (operation, key) => operation === 'get' && key.startsWith('rds-snapshots/')),
      'AccessDenied',
    ],
    [
      'S3 refuses a manifest',
      once(failure('InternalError', 500), (operation, key) => operation === 'get' && key.startsWith('manifests/')),
      'InternalError',
    ],
    [
      'S3 refuses the catalogue',
      once(failure('InternalError', 500), (operation, key) => operation === 'get' && key.startsWith('catalog/')),
      'InternalError',
    ],
    ['S3 refuses the list', once(failure('InternalError', 500), (operation) => operation === 'list'), 'InternalError'],
    [
      'S3 refuses the progress',
      once(failure('InternalError', 500), (operation, key) => operation === 'get' && key.startsWith('integrity/')),
      'InternalError',
    ],
    [
      'S3 refuses the report',
      once(failure('SlowDown', 503), (operation, key) => operation === 'put' && key.endsWith('report.json')),
      'SlowDown',
    ],
  ])('%s', async (_, fault, name) => {
    shop.vault.before = fault;
    await expect(run()).rejects.toMatchObject({ name });
    await expect(run()).resolves.toMatchObject({ complete: true, findings: 0, reread: 7 });
  });

  it('a manifest cannot be read while looking for what nobody claims', async () => {
    shop.vault.before = once(
      failure('InternalError', 500),
      (operation, key) => operation === 'get' && key.startsWith('manifests/'),
      3,
    );
    await expect(run()).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('the catalogue cannot be read while looking for what nobody claims', async () => {
    shop.vault.before = once(
      failure('InternalError', 500),
      (operation, key) => operation === 'get' && key.startsWith('catalog/'),
      4,
    );
    await expect(run()).rejects.toMatchObject({ name: 'InternalError' });
  });

  it('people could not be told: it is not complete before they were', async () => {
    shop.vault.remove(parts[0] ?? '');
    shop.publishing = () => {
      throw failure('Throttled', 429);
    };
    await expect(run()).rejects.toMatchObject({ name: 'Throttled' });
    shop.publishing = () => undefined;
    await run();
    expect(shop.messages).toHaveLength(1);
  });
});

describe('two runs at once, which reserved concurrency keeps apart,', () => {
  it('find what one finds, tell it once, and leave one complete', async () => {
    shop.vault.remove(parts[1] ?? '');
    const runs = await Promise.all([run(), run()]);
    expect(runs.map(({ complete }) => complete).toSorted()).toEqual([false, true]);
    expect(findings()).toEqual([`missing ${parts[1]}`]);
    expect(shop.messages).toHaveLength(1);
    await expect(run()).resolves.toMatchObject({ complete: true });
    expect(JSON.parse(shop.vault.text('integrity/progress.json'))).toEqual({ lastComplete: 20_777 });
    expect(shop.messages).toHaveLength(1);
  });

  it.each([
    ['how far another has come', { lastComplete: 20_776, run: { day: 20_777, position: { objects: 2 } } }],
    ['that another is through', { lastComplete: 20_777 }],
  ])('do not forget %s', async (_, theirs) => {
    const counts = { checked: 2, reread: 0, rereadBytes: 0, archived: 0 };
    const standing = JSON.stringify(
      'run' in theirs ? { ...theirs, run: { ...theirs.run, counts, findings: [] } } : theirs,
    );
    let overtaken = false;
    shop.vault.before = async (operation, key) => {
      if (operation !== 'put' || key !== 'integrity/progress.json' || overtaken) return;
      overtaken = true;
      await shop.vault.place(key, standing);
    };
    await expect(invoke(check, sample, 20_000)).resolves.toMatchObject({ complete: false });
    expect(shop.vault.text('integrity/progress.json')).toBe(standing);
  });

  it('leave a failure to write the progress under the name S3 gave it', async () => {
    shop.vault.before = once(
      failure('SlowDown', 503),
      (operation, key) => operation === 'put' && key.endsWith('progress.json'),
    );
    await expect(run()).rejects.toMatchObject({ name: 'SlowDown' });
  });
});

it('a run that was killed before it could tell is told by the next call, once', async () => {
  shop.vault.remove(parts[0] ?? '');
  shop.publishing = () => {
    throw failure('Killed', 500);
  };
  await expect(run()).rejects.toMatchObject({ name: 'Killed' });
  expect(JSON.parse(shop.vault.text('integrity/progress.json'))).toMatchObject({
    lastComplete: 20_777,
    toTell: { topic: 'critical' },
  });
  shop.publishing = () => undefined;
  await run('2026-11-21T05:00:00Z');
  // What the second day finds is the same trouble again: counted, not told.
  expect(shop.messages.map(({ notice }) => notice.since)).toEqual(['2026-11-20T05:00:00.000Z']);
});

describe('the progress', () => {
  it.each(['{', '{"run": 7}'])('that cannot be understood (%s) leads to reading everything', async (text) => {
    await shop.vault.place('integrity/progress.json', text);
    await expect(run()).resolves.toMatchObject({ complete: true, reread: 7 });
    expect(shop.telemetry.logs()).toContainEqual(
      expect.objectContaining({ level: 'WARN', key: 'integrity/progress.json' }),
    );
  });

  it('is asked for by a scheduled time, and by nothing else', async () => {
    await expect(invoke(check, { scheduledAt: 'today' })).rejects.toMatchObject({ name: 'RequestInvalid' });
    await expect(invoke(check, {})).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
