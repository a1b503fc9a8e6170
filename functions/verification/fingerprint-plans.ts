// Planning a fingerprint: where history is cut, and what is read. Each phase checks that it stands on the right side of
// the snapshot, since everything a comparison proves rests on that order.
import { DBSnapshotNotFoundFault, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { z } from 'zod';
import { rds } from '../../shared/aws/clients.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, readDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { readTables } from './database-tables.ts';
import { type Live, liveDatabase } from './databases.ts';
import { readDefinitions, readSequences } from './definitions.ts';
import { FingerprintUnsafe, ReplicaBehind, SnapshotNotReady } from './errors.ts';
import { Closed, Phase, Plan } from './fingerprint-document.ts';
import { planItems } from './fingerprint-items.ts';
import { closedKey, planKey } from './fingerprint-keys.ts';
import { SNAPSHOT } from './horizon.ts';

export const PlanRequest = z.strictObject({ source: z.string(), recoveryPoint: z.string(), phase: Phase });
export type PlanRequest = z.output<typeof PlanRequest>;

export interface Planned {
  items: { source: string; recoveryPoint: string; phase: Phase; item: number }[];
  concurrency: number;
}

/** A commit is on disk before others see it: by this time after a snapshot, all it holds is visible (docs/fingerprints.md). */
const SETTLING_SECONDS = 1;
/** tid ranges are read without scanning the table from PostgreSQL 14 on (release notes). */
const OLDEST_VERSION = 140_000;

/**
 * Decides what is read and writes it down; planned again, the plan that stands is used.
 * @throws {FingerprintUnsafe} {SnapshotNotReady} {ReplicaBehind} {LoginRefused} {DatabaseUnreachable}
 */
export const planFingerprint = async (request: PlanRequest, { signal }: { signal: AbortSignal }): Promise<Planned> => {
  const { source, recoveryPoint, phase } = request;
  const standing = await findDocument(planKey(recoveryPoint, phase), Plan);
  const plan = standing ?? (await writeOnce(planKey(recoveryPoint, phase), Plan, await makePlan(request, signal)));
  if (!standing) logger.info('fingerprint planned', { source, recoveryPoint, phase, items: plan.value.items.length });
  return {
    items: plan.value.items.map((_, item) => ({ source, recoveryPoint, phase, item })),
    concurrency: rdsSourceNamed(source).fingerprint.concurrency,
  };
};

const makePlan = async ({ source, recoveryPoint, phase }: PlanRequest, signal: AbortSignal): Promise<Plan> => {
  const point = await readPoint(recoveryPoint);
  const live = await liveDatabase(source);
  await using session = await live.open({ statementSeconds: 60, signal });
  const before = phase === 'after' ? await beforePlan(point, live, session) : undefined;
  const serverVersion = await assertReadable(source, session);
  // Everything below is read after this line: what a transaction before the horizon did is settled, and stays.
  const snapshot = await session.row(SNAPSHOT);
  const { tables, notCompared } = await readTables(session);
  return {
    schemaVersion: 1,
    source,
    recoveryPoint,
    phase,
    at: now().toISOString(),
    resource: live.resource,
    reader: live.reader,
    serverVersion,
    horizon: before?.horizon ?? snapshot.horizon ?? '',
    next: snapshot.next ?? '',
    tables: before?.tables ?? tables,
    items: before?.items ?? planItems(tables),
    notCompared,
    definitions: await readDefinitions(session),
    sequences: await readSequences(session),
  };
};

/** The plan of the phase before, once it is certain that we stand after the snapshot. */
const beforePlan = async (point: RecoveryPoint, live: Live, session: Session): Promise<Plan> => {
  const { source, id: recoveryPoint } = point;
  if (!(await snapshotIs(point, 'available'))) {
    throw new SnapshotNotReady('the second fingerprint has to come after the snapshot.', {
      source,
      recoveryPoint,
      expected: `snapshot ${point.nativeId} to be available`,
      next: 'Wait for it; the machine asks again.',
    });
  }
  await readDocument(closedKey(recoveryPoint, 'before'), Closed);
  const { value: before } = await readDocument(planKey(recoveryPoint, 'before'), Plan);
  if (before.resource !== live.resource) {
    throw unsafe(point, 'the instance was replaced while the backup was made.', before.resource, live.resource);
  }
  if (live.reader === 'primary') await session.rows('SELECT pg_sleep($1)', [SETTLING_SECONDS]);
  else await assertReplayed(point, session);
  return before;
};

/** A replica shows the state after the snapshot only once it has replayed what the primary had written by then. */
const assertReplayed = async (point: RecoveryPoint, replica: Session): Promise<void> => {
  const primary = await liveDatabase(point.source, 'primary');
  await using session = await primary.open({ statementSeconds: 60 });
  await session.rows('SELECT pg_sleep($1)', [SETTLING_SECONDS]);
  const { written } = await session.row('SELECT pg_current_wal_lsn()::text AS written');
  const { replayed, lsn } = await replica.row(
    'SELECT (pg_last_wal_replay_lsn() >= $1::pg_lsn)::text AS replayed, pg_last_wal_replay_lsn()::text AS lsn',
    [written ?? ''],
  );
  if (replayed === 'true') return;
  throw new ReplicaBehind('the replica has not replayed what the snapshot holds.', {
    source: point.source,
    recoveryPoint: point.id,
    expected: `replay up to ${written}`,
    found: lsn,
    next: 'It is asked again; if it stays behind, look at its lag or set fingerprint.from to "primary".',
  });
};

const assertReadable = async (source: string, session: Session): Promise<string> => {
  const { version, waits } = await session.row(
    `SELECT current_setting('server_version_num') AS version, current_setting('synchronous_standby_names') AS waits`,
  );
  const facts = {
    source,
    next: 'Verifications go on without fingerprints and end INCONCLUSIVE; see docs/fingerprints.md.',
  };
  if (Number(version) < OLDEST_VERSION) {
    throw new FingerprintUnsafe('this PostgreSQL cannot read ranges of pages.', {
      ...facts,
      expected: 'version 14 or newer',
      found: version,
    });
  }
  // A commit that waits for a standby is in the snapshot and not yet visible, for as long as it waits.
  if (waits)
    throw new FingerprintUnsafe('commits may wait for a standby.', {
      ...facts,
      expected: 'no synchronous_standby_names',
      found: waits,
    });
  return version ?? '';
};

/** The work items of a point that has both fingerprints; undefined where it lacks one. */
export const findPlan = async (point: RecoveryPoint): Promise<Plan['items'] | undefined> =>
  point.fingerprint?.before && point.fingerprint.after
    ? (await readDocument(planKey(point.id, 'before'), Plan)).value.items
    : undefined;

/** Whether RDS has the point's snapshot, in this state where one is given. */
export const snapshotIs = async (point: RecoveryPoint, status?: string): Promise<boolean> => {
  try {
    const command = new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: point.nativeId });
    const [snapshot] = (await rds().send(command)).DBSnapshots ?? [];
    return snapshot !== undefined && (status === undefined || snapshot.Status === status);
  } catch (error) {
    if (error instanceof DBSnapshotNotFoundFault) return false;
    throw error;
  }
};

const unsafe = (point: RecoveryPoint, happened: string, expected: unknown, found: unknown): FingerprintUnsafe =>
  new FingerprintUnsafe(happened, {
    source: point.source,
    recoveryPoint: point.id,
    expected,
    found,
    next: 'Nothing is compared for this point; the next backup has fingerprints again.',
  });
