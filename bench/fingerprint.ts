// How fast content fingerprints and their comparison are, and how much memory they take, beside what others do with the
// same database in the same run: `npm run bench:fingerprint -- --scales 0.1,2.5 --rounds 3`.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createDatabase, type LocalPlatform, startPlatform } from '../local/platform.ts';
import { invoke } from '../local/story/observations.ts';
import { fillShop } from '../local/story/shop-data.ts';
import { packageService } from '../scripts/package.ts';
import { amcheck, checksums, dumpDigest } from './peers.ts';

/** Memory that may be added by 100 MB more of data; what is read is bounded by statements and work items, not by tables. */
const SLOPE_MB_PER_100_MB = 2;
const DATABASE = 'shop';
const START = new Date('2026-11-23T10:00:00Z');

interface Result {
  megabytes: number;
  rows: number;
  /** Seconds; of what was done several times, the median. */
  seconds: Record<string, number>;
  /** Highest resident memory of a function that reads rows. */
  peakMegabytes: number;
}

const { values } = parseArgs({
  options: { scales: { type: 'string', default: '0.1,2.5' }, rounds: { type: 'string', default: '3' } },
});
const scales = values.scales.split(',').map(Number);
const rounds = Number(values.rounds);
if (scales.length < 2 || scales.some((scale) => !(scale > 0)) || !(rounds >= 1)) {
  console.error('Usage: --scales 0.1,2.5 --rounds 3: two scales or more, smallest first; 1 is about 200 MB.');
  process.exit(2);
}

const median = (numbers: number[]): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** One phase as backup-database runs it: plan, then all items with the configured concurrency. */
const fingerprint = async (
  platform: LocalPlatform,
  recoveryPoint: string,
  phase: 'before' | 'after',
): Promise<{ items: number; rows: number }> => {
  const { items, concurrency } = await invoke<{ items: object[]; concurrency: number }>(
    platform,
    'verificationPlanFingerprint',
    { source: platform.source, recoveryPoint, phase },
  );
  const queue = [...items];
  let rows = 0;
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item; item = queue.shift())
      rows += (await invoke<{ rows: number }>(platform, 'verificationTakeFingerprint', item)).rows;
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { items: items.length, rows };
};

/** Opens recovery points, each of another second: every one is fingerprinted anew. */
const opener = (platform: LocalPlatform) => {
  let second = 0;
  return async () => {
    const scheduledAt = new Date(START.getTime() + ++second * 1000).toISOString();
    const request = { source: platform.source, scheduledAt };
    const { recoveryPoint } = await invoke<{ recoveryPoint: string }>(platform, 'rdsOpenPoint', request);
    return { request, recoveryPoint };
  };
};

const measure = async (platform: LocalPlatform, scale: number): Promise<Result> => {
  const { ask, primary, service, source, world } = platform;
  await ask(primary, 'scheduler', 'DeleteScheduleGroup', { Name: service });
  await createDatabase(platform, (client) => fillShop(client, scale, world.clock.now()));
  const live = primary.rds.server('shop-db');
  const samples = new Map<string, number[]>();
  const time = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const began = performance.now();
    const value = await work();
    samples.set(what, [...(samples.get(what) ?? []), (performance.now() - began) / 1000]);
    return value;
  };

  const open = opener(platform);
  let { request, recoveryPoint } = await open();
  await fingerprint(platform, recoveryPoint, 'before'); // warms caches and processes
  await dumpDigest(live, DATABASE);
  for (let round = 1; round <= rounds; round++) {
    ({ request, recoveryPoint } = await open());
    await time('fingerprint', () => fingerprint(platform, recoveryPoint, 'before'));
    await time('dump', () => dumpDigest(live, DATABASE));
  }

  await invoke(platform, 'verificationCloseFingerprint', { source, recoveryPoint, phase: 'before' });
  await invoke(platform, 'rdsSnapshot', request);
  await world.clock.settled();
  const { items, rows } = await fingerprint(platform, recoveryPoint, 'after');
  await invoke(platform, 'verificationCloseFingerprint', { source, recoveryPoint, phase: 'after' });
  const execution = `arn:aws:states:${primary.name}:${primary.account}:execution:${service}-verify-database:bench`;
  const step = { source, recoveryPoint, execution };
  const { instance } = await invoke<{ instance: string }>(platform, 'verificationRestorePoint', step);
  await world.clock.settled();
  const copy = primary.rds.server(instance);
  await dumpDigest(copy, DATABASE); // loads the copy's pages, for all that follows alike
  let differences = 0;
  await time('comparison', async () => {
    for (const item of ['schema', ...Array(items).keys()]) {
      const found = await invoke<{ differences: number }>(platform, 'verificationCompareFingerprint', {
        ...step,
        item,
      });
      differences += found.differences;
    }
  });
  if (differences > 0) throw new Error(`An untouched copy differs in ${differences} places: the numbers mean nothing.`);
  const digest = await time('dump of the copy', () => dumpDigest(copy, DATABASE));
  if (digest !== (await dumpDigest(live, DATABASE)))
    throw new Error('The dump of an untouched copy has another digest: the numbers mean nothing.');
  if (!(await time('amcheck', () => amcheck(copy, DATABASE)))) samples.delete('amcheck');
  const megabytes = await databaseSize(platform);
  await primary.rds.stopServer(instance, 'fast');
  if (!(await time('checksums', () => checksums(copy)))) samples.delete('checksums');
  const readers = ['verificationTakeFingerprint', 'verificationCompareFingerprint'];
  return {
    megabytes,
    rows,
    seconds: Object.fromEntries([...samples].map(([what, numbers]) => [what, median(numbers)])),
    peakMegabytes: Math.max(...readers.map((key) => primary.lambda.peakKilobytes(`${service}-${key}`))) / 1024,
  };
};

const databaseSize = async (platform: LocalPlatform): Promise<number> => {
  const client = await platform.connect(platform.primary, 'shop-db');
  try {
    const { rows } = await client.query('SELECT pg_database_size(current_database()) / 1048576.0 AS megabytes');
    return Number(rows[0].megabytes);
  } finally {
    await client.end();
  }
};

const inFreshPlatform = async (scale: number): Promise<Result> => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-bench-'));
  const platform = await startPlatform({ directory, start: START });
  try {
    return await measure(platform, scale);
  } finally {
    await platform.close();
    rmSync(directory, { recursive: true, force: true });
  }
};

packageService((text) => console.error(text));
const results: Result[] = [];
for (const scale of scales) {
  console.error(`scale ${scale}, ${rounds} rounds`);
  results.push(await inFreshPlatform(scale));
}

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
const cells = (of: (result: Result) => string): string[] => results.map(of);
const time = (what: string) => (result: Result) => {
  const seconds = result.seconds[what];
  if (seconds === undefined) return 'not installed';
  return `${seconds.toFixed(2)} s, ${Math.round(result.rows / seconds).toLocaleString('en')} rows/s`;
};
const ratio = (ours: string, theirs: string) => (result: Result) => {
  const [of, to] = [result.seconds[ours], result.seconds[theirs]];
  return of === undefined || to === undefined ? 'not installed' : (of / to).toFixed(2);
};
console.log(
  [
    row('', ...cells(({ megabytes, rows }) => `${Math.round(megabytes)} MB, ${rows.toLocaleString('en')} rows`)),
    row('---', ...cells(() => '---')),
    row('one fingerprint of the live database', ...cells(time('fingerprint'))),
    row('`pg_dump --data-only \\| sha256sum` of it', ...cells(time('dump'))),
    row('ratio', ...cells(ratio('fingerprint', 'dump'))),
    row('comparison of a restored copy', ...cells(time('comparison'))),
    row('`pg_dump --data-only \\| sha256sum` of it', ...cells(time('dump of the copy'))),
    row('ratio', ...cells(ratio('comparison', 'dump of the copy'))),
    row('`pg_amcheck` of the copy', ...cells(time('amcheck'))),
    row('`pg_checksums --check` of the copy, stopped', ...cells(time('checksums'))),
    row('peak memory of a function', ...cells(({ peakMegabytes }) => `${Math.round(peakMegabytes)} MB`)),
  ].join('\n'),
);
const [first, last] = [results.at(0), results.at(-1)] as [Result, Result];
const slope = ((last.peakMegabytes - first.peakMegabytes) / (last.megabytes - first.megabytes)) * 100;
console.log(
  `\nMemory: ${slope.toFixed(1)} MB more per 100 MB more of data; at most ${SLOPE_MB_PER_100_MB} is promised.`,
);
if (slope > SLOPE_MB_PER_100_MB) process.exitCode = 1;
