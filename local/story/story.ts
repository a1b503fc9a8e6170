// What `npm start` lives through: a platform is deployed to two local regions, a day of backups is lived through on the region's clock, what
// was backed up is damaged on purpose, the failover is rehearsed, one region is lost and the platform moves to the other, and
// reports are written. Exit status 0 only if everything that had to hold held.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { packageService } from '../../scripts/package.ts';
import { createStreams, type Streams } from '../events.ts';
import { application, createDatabase, startPlatform } from '../platform.ts';
import type { LocalRegion } from '../world.ts';
import { comeBack } from './comeback.ts';
import { damageCopy, damageVault } from './damage.ts';
import { judgeDay, liveThroughDay, nothingLeft } from './day.ts';
import { failOver } from './failover.ts';
import { JUSTIFICATIONS } from './justifications.ts';
import { invoke, readObject } from './observations.ts';
import { judgePermissions, permissionsOf } from './permissions.ts';
import { createProgress } from './progress.ts';
import { fillShop, keepOrdering } from './shop-data.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const REPORTS = path.join(ROOT, '.lifeboat', 'report');
const DAY_MS = 86_400_000;

const { values } = parseArgs({ options: { scale: { type: 'string', default: '1' } } });
const scale = Number(values.scale);
if (!(scale > 0 && scale <= 50)) {
  console.error(`--scale ${values.scale}: expected a number above 0, at most 50; 1 is a database of about 200 MB.`);
  process.exit(2);
}

/** The Sunday that begins next: the day on which everything weekly is due. */
const nextSunday = (): Date => {
  const today = Math.floor(Date.now() / DAY_MS);
  // 1970-01-01 was a Thursday.
  return new Date((today + ((3 - (today % 7) + 7) % 7 || 7)) * DAY_MS);
};

const progress = createProgress();
progress.chapter('Packaging and deploying');
packageService((text) => progress.step(undefined, text));
const directory = path.join(ROOT, '.lifeboat', 'story');
rmSync(directory, { recursive: true, force: true });
let streams: Streams | undefined;
const platform = await startPlatform({ directory, start: nextSunday() });
/** Asks one region's deployment for the report; the other one is not needed for it. */
const writeReport = async (region: LocalRegion, file: string): Promise<void> => {
  const scheduledAt = platform.world.clock.now().toISOString();
  const { html } = await invoke<{ html: string }>(platform, 'reportsWrite', { scheduledAt }, region);
  const { hostname, pathname } = new URL(html);
  mkdirSync(REPORTS, { recursive: true });
  const to = path.join(REPORTS, file);
  writeFileSync(to, await readObject(platform, region, hostname, pathname.slice(1)));
  progress.step(undefined, `${path.relative(process.cwd(), to)}, written by the deployment in ${region.name}`);
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void platform.close().finally(() => process.exit(130)));
}
try {
  const { clock } = platform.world;
  progress.step(clock.now(), `deployed to ${platform.primary.name} and ${platform.recovery.name}`);
  await createDatabase(platform, (client) => fillShop(client, scale, clock.now()));
  progress.step(clock.now(), 'shop-db is filled, its replica streams from the other region');
  const client = await platform.connect(platform.primary, 'shop-db', application);
  const customers = keepOrdering(client, clock.now);

  progress.chapter('A day of backups, while customers go on ordering');
  const points = await liveThroughDay(platform, progress);
  await judgeDay(platform, points, progress);

  progress.chapter('Damage on purpose');
  await damageCopy(platform, progress);
  await damageVault(platform, progress);
  await customers.stop();
  await client.end();
  progress.step(clock.now(), `${customers.ordered()} orders were placed meanwhile`);
  await nothingLeft(platform, progress);
  await writeReport(platform.primary, 'day.html');

  progress.chapter(`${platform.primary.name} is lost, and the platform moves to ${platform.recovery.name}`);
  streams = await createStreams(platform);
  const failedOver = await failOver(platform, progress, streams);
  await writeReport(platform.recovery, 'index.html');

  progress.chapter(`${platform.primary.name} comes back`);
  await comeBack(platform, progress, failedOver);
  // Again: what was lost is known row by row only now.
  await writeReport(platform.recovery, 'index.html');

  progress.chapter('Permissions');
  const unused = judgePermissions(permissionsOf(platform), JUSTIFICATIONS, progress);
  const list = path.join(REPORTS, 'unused-permissions.json');
  writeFileSync(list, JSON.stringify(unused, null, 2));
  progress.step(undefined, path.relative(process.cwd(), list));
} finally {
  await streams?.[Symbol.asyncDispose]();
  await platform.close();
}

const failed = progress.failed();
console.log(
  failed.length === 0
    ? `\nEverything that had to hold held (${progress.claims()} claims).`
    : `\n${failed.length} of ${progress.claims()} claims did not hold:\n${failed.map((text) => `  - ${text}`).join('\n')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
