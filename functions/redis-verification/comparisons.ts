// Reads the restored cache through and compares it with its archive. What it finds is the evidence of the verdict.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { redisSourceNamed } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { describeGroup } from '../../shared/redis/groups.ts';
import { readToken } from '../../shared/redis/logins.ts';
import { BUCKETS } from '../../shared/redis/rdb/summary.ts';
import { openCache } from '../../shared/redis/session.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { evidenceFolder, type StepRequest } from '../../shared/verification/steps.ts';
import { type Compared, compare, Difference } from './differences.ts';
import { readExpected } from './expectations.ts';
import { readLive } from './live-keys.ts';
import { sampleOf } from './samples.ts';
import { testGroupName } from './test-groups.ts';

/** Differences that are told one by one; the rest is counted. */
const TOLD = 100;

export const Comparison = z.strictObject({
  at: z.iso.datetime(),
  seconds: z.number().nonnegative(),
  /** Seconds from asking for the restore until the cache was read through. */
  restoreSeconds: z.number().nonnegative(),
  engineVersion: z.string(),
  credential: z.string(),
  /** Keys that had to be there, those that were, and of them those compared by value. */
  keys: z.int().nonnegative(),
  expiring: z.int().nonnegative(),
  found: z.int().nonnegative(),
  buckets: z.int().min(1).max(BUCKETS),
  sampled: z.int().nonnegative(),
  equal: z.int().nonnegative(),
  incomparable: z.int().nonnegative(),
  differences: z.array(Difference),
  differencesInAll: z.int().nonnegative(),
});
export type Comparison = z.output<typeof Comparison>;

export const comparisonKey = (recoveryPoint: string, execution: string): string =>
  `${evidenceFolder(recoveryPoint, execution)}/comparison.json`;

/** @throws {CacheUnreachable} {CacheLoginRefused} {CacheTokenMissing} {ArchiveMissing} {RdbDamaged} {RdbNotUnderstood} */
export const compareCache = async (
  { source: name, recoveryPoint, execution }: StepRequest,
  { signal }: Work,
): Promise<{ keys: number; differences: number }> => {
  const key = comparisonKey(recoveryPoint, execution);
  const standing = await findDocument(key, Comparison);
  if (standing) return counted(standing.value);
  const begun = now();
  const source = redisSourceNamed(name);
  const point = await readPoint(recoveryPoint);
  const group = await describeGroup(name, testGroupName(execution));
  const { Address: host = '', Port: port = 0 } = group.NodeGroups?.[0]?.PrimaryEndpoint ?? {};
  const token = await readToken(name, source);
  await using session = await openCache({
    source: name,
    host,
    port,
    tls: group.TransitEncryptionEnabled ?? false,
    token,
  });
  const sampled = sampleOf(point.cache?.archive?.keys ?? 0, execution);
  let live = await readLive(session, name, sampled, signal);
  const restoreSeconds = Math.max(0, secondsBetween(group.ReplicationGroupCreateTime ?? begun, now()));
  const expected = await readExpected(point, sampled, live, signal);
  let compared = compare(expected, live, source.checks.deviation);
  for (let again = 1; again < READINGS && mayBeCountedTwice(compared); again++) {
    live = await readLive(session, name, sampled, signal);
    compared = compare(expected, live, source.checks.deviation);
  }
  const { differences, equal, incomparable } = compared;
  const [, engineVersion = ''] =
    /^(?:redis|valkey)_version:(\S+)/m.exec(String(await session.send('INFO', 'server'))) ?? [];
  record('RestoreDuration', restoreSeconds, name);
  logger.info('cache compared', { source: name, recoveryPoint, keys: expected.keys, differences: differences.length });
  const { value } = await writeOnce(key, Comparison, {
    at: begun.toISOString(),
    seconds: secondsBetween(begun, now()),
    restoreSeconds,
    engineVersion,
    credential: source.secret ? `secret ${source.secret}, as it is now` : 'none is needed',
    keys: expected.keys,
    expiring: expected.expiring,
    found: [...live.counts.values()].reduce((sum, count) => sum + count, 0),
    buckets: sampled.size,
    sampled: expected.sampled.size,
    equal,
    incomparable,
    differences: differences.slice(0, TOLD),
    differencesInAll: differences.length,
  });
  return counted(value);
};

/** While a table shrinks, SCAN may give keys twice; it comes to its end. */
const READINGS = 3;

const mayBeCountedTwice = ({ differences }: Compared): boolean =>
  differences.length > 0 && differences.every(({ kind }) => kind === 'more');

const counted = ({ keys, differencesInAll }: Comparison) => ({ keys, differences: differencesInAll });
