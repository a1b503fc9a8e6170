// Damage on purpose: what is the worth of a verification that nobody has seen fail? Each kind is planted in a restored
// copy or in the vault, never in what customers use, and has to be named by the service itself.
import pg from 'pg';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import type { LocalPlatform } from '../platform.ts';
import { catalogOf, invoke, keysIn, startMachine, untilEnded } from './observations.ts';
import type { Progress } from './progress.ts';

const DAY_MS = 86_400_000;

/** One value of one row is changed in the restored copy before the checks begin. No check of the configuration can see it. */
export const damageCopy = async (platform: LocalPlatform, progress: Progress): Promise<void> => {
  const { world, primary, source } = platform;
  const { clock } = world;
  const point = newestSnapshot(await catalogOf(platform));
  const execution = await startMachine(platform, 'verify-database', {
    source,
    recoveryPoint: point.id,
    scheduledAt: clock.now().toISOString(),
  });
  await clock.settled();
  const instance = await testInstance(platform);
  const { host, port, user, password } = primary.rds.server(instance);
  const admin = new pg.Client({ host, port, user, password, database: 'shop' });
  await admin.connect();
  await admin.query("UPDATE products SET title = title || '.' WHERE id = 42");
  await admin.end();
  progress.step(clock.now(), `one character added to the title of product 42 in ${instance}`);
  const status = await untilEnded(platform, execution);
  const last = (await catalogOf(platform)).find(({ id }) => id === point.id)?.verifications.at(-1);
  progress.claim(
    'the verification says FAILED',
    last?.verdict === 'FAILED',
    `${status}, ${last?.verdict ?? 'no verdict'}`,
  );
  progress.claim('and names the table', last?.reason.includes('products') ?? false, last?.reason ?? 'no reason');
  progress.step(clock.now(), last?.reason ?? '');

  const again = await startMachine(platform, 'verify-database', {
    source,
    recoveryPoint: point.id,
    scheduledAt: clock.now().toISOString(),
  });
  await untilEnded(platform, again);
  const healed = (await catalogOf(platform)).find(({ id }) => id === point.id);
  progress.claim(
    'an untouched copy of the same point is PROVEN again',
    healed?.verifications.at(-1)?.verdict === 'PROVEN' && healed.status === 'verified',
  );
};

const newestSnapshot = (points: RecoveryPoint[]): RecoveryPoint => {
  const found = points
    .filter(({ kind, method, status }) => kind === 'rds-postgres' && method === 'snapshot' && status === 'verified')
    .at(-1);
  if (!found) throw new Error('There is no verified snapshot to damage a copy of.');
  return found;
};

/** The one instance that a verification has restored: it carries the service's tag. */
const testInstance = async ({ ask, primary }: LocalPlatform): Promise<string> => {
  const { DBInstances } = await ask<{ DBInstances: { DBInstanceIdentifier: string }[] }>(
    primary,
    'rds',
    'DescribeDBInstances',
    {},
  );
  const found = DBInstances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier.startsWith('lifeboat-'));
  if (!found) throw new Error('The verification has restored no instance.');
  return found.DBInstanceIdentifier;
};

/** One bit of an exported object is flipped on disk; S3 goes on answering with the checksum it took in. */
export const damageVault = async (platform: LocalPlatform, progress: Progress): Promise<void> => {
  const { world, primary, stacks } = platform;
  const bucket = stacks.primary.outputs.VaultBucketName as string;
  const keys = await keysIn(platform, primary, bucket, 'rds-snapshots/');
  const victim = keys.find((key) => key.endsWith('.parquet'));
  if (!victim) throw new Error('There is no exported object to damage.');
  await primary.s3.corrupt(bucket, victim, 1000);
  progress.step(world.clock.now(), `one byte flipped in ${victim.split('/').slice(-3).join('/')}`);
  let found: string | undefined;
  // The share that holds it is due on one of the next thirty days; the function is asked for each as its schedule would.
  for (let day = 1; day <= 30 && !found; day++) {
    const scheduledAt = new Date(world.clock.now().getTime() + day * DAY_MS).toISOString();
    const { findings } = await invoke<{ findings: number }>(platform, 'integrityCheckArtifacts', { scheduledAt });
    if (findings > 0) found = `on day ${day} of 30`;
  }
  progress.claim('the daily check re-reads every byte within 30 days and finds it', found !== undefined);
  if (found) progress.step(undefined, `found ${found}`);
};
