// Closing a fingerprint: all its parts are there and it stands on its side of the snapshot. Only then the recovery point says so.
import { z } from 'zod';
import { changePoint, readPoint } from '../../shared/catalog/catalog.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { type Document, findDocument, readDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { liveDatabase } from './databases.ts';
import { readDefinitions } from './definitions.ts';
import { SnapshotTooEarly } from './errors.ts';
import { Closed, type Definition, Part, Plan, tableName } from './fingerprint-document.ts';
import { closedKey, partKey, planKey } from './fingerprint-keys.ts';
import { PlanRequest, snapshotIs } from './fingerprint-plans.ts';

export const CloseRequest = PlanRequest.extend({
  /** Why there is no fingerprint of this phase: what the machine caught. */
  failure: z.object({ Error: z.string(), Cause: z.string().default('') }).optional(),
});
export type CloseRequest = z.output<typeof CloseRequest>;

export interface ClosedFingerprint {
  fingerprint: string | null;
  rows: number;
  tables: number;
}

/** Closed again, it is the same. @throws {SnapshotTooEarly} {EvidenceMissing} when a part is not there. */
export const closeFingerprint = async (
  request: CloseRequest,
  { signal }: { signal: AbortSignal },
): Promise<ClosedFingerprint> => {
  const { source, recoveryPoint, phase, failure } = request;
  if (failure) {
    const missing = `${phase} the snapshot: ${failure.Error}: ${messageOf(failure.Cause)}`.slice(0, 500);
    await changePoint(recoveryPoint, (point) => withFingerprint(point, { missing }));
    logger.warn('fingerprint missing', { source, recoveryPoint, phase, missing });
    return { fingerprint: null, rows: 0, tables: 0 };
  }
  const key = closedKey(recoveryPoint, phase);
  const closed = (await findDocument(key, Closed)) ?? (await writeOnce(key, Closed, await closing(request, signal)));
  await changePoint(recoveryPoint, (point) =>
    withArtifact(withFingerprint(point, { [phase]: closed.artifact.uri }), closed.artifact),
  );
  const { rows, tables } = closed.value;
  logger.info('fingerprint closed', { source, recoveryPoint, phase, rows, tables: tables.length });
  return { fingerprint: closed.artifact.uri, rows, tables: tables.length };
};

const closing = async ({ source, recoveryPoint, phase }: CloseRequest, signal: AbortSignal): Promise<Closed> => {
  const plan = await readDocument(planKey(recoveryPoint, phase), Plan);
  const parts: Document<Part>[] = [];
  for (const item of plan.value.items.keys()) parts.push(await readDocument(partKey(recoveryPoint, phase, item), Part));
  if (phase === 'before') await assertBefore(source, recoveryPoint, plan.value, signal);
  const redefined = phase === 'after' ? await redefinedSince(source, plan.value, signal) : [];
  const rows = plan.value.tables.map(() => 0);
  for (const { table, total } of parts.flatMap(({ value }) => value.ranges)) rows[table] = (rows[table] ?? 0) + total;
  return {
    schemaVersion: 1,
    source,
    recoveryPoint,
    phase,
    at: now().toISOString(),
    plan: plan.artifact,
    parts: parts.map(({ artifact }) => artifact),
    tables: plan.value.tables.map((table, index) => ({ name: tableName(table), rows: rows[index] ?? 0 })),
    rows: rows.reduce((sum, count) => sum + count, 0),
    redefined,
  };
};

/**
 * A column more changes the text of every row and moves none. Until the second phase was planned the two plans show it; what
 * came while rows were read since, only a look after the last of them.
 */
const redefinedSince = async (source: string, { definitions }: Plan, signal: AbortSignal): Promise<string[]> => {
  const live = await liveDatabase(source);
  await using session = await live.open({ statementSeconds: 60, signal });
  const same = new Set((await readDefinitions(session)).map(textOf));
  return definitions.flatMap((definition) =>
    definition.kind === 'table' && !same.has(textOf(definition)) ? definition.name : [],
  );
};

const textOf = ({ kind, name, digest, version }: Definition): string => [kind, name, digest, version].join(' ');

/** Everything we saw is on disk, and the snapshot has not begun. */
const assertBefore = async (source: string, recoveryPoint: string, plan: Plan, signal: AbortSignal): Promise<void> => {
  if (plan.reader === 'primary') {
    const live = await liveDatabase(source);
    await using session = await live.open({ statementSeconds: 60, signal });
    // With synchronous_commit off a commit is visible up to three times this long before it is on disk (PostgreSQL, 30.4).
    await session.rows(`SELECT pg_sleep(3 * extract(epoch FROM current_setting('wal_writer_delay')::interval))`);
  }
  const point = await readPoint(recoveryPoint);
  if (!(await snapshotIs(point))) return;
  throw new SnapshotTooEarly('the snapshot exists although the fingerprint before it was not complete.', {
    source,
    recoveryPoint,
    expected: `no snapshot ${point.nativeId} yet`,
    next: 'This point stays without fingerprints; the next backup has them again.',
  });
};

const withFingerprint = (
  point: RecoveryPoint,
  fingerprint: NonNullable<RecoveryPoint['fingerprint']>,
): RecoveryPoint => {
  const merged = { ...point.fingerprint, ...fingerprint };
  return JSON.stringify(merged) === JSON.stringify(point.fingerprint) ? point : { ...point, fingerprint: merged };
};

const withArtifact = (point: RecoveryPoint, artifact: Artifact): RecoveryPoint =>
  point.artifacts.some(({ uri }) => uri === artifact.uri)
    ? point
    : { ...point, artifacts: [...point.artifacts, artifact] };

/** Lambda's cause is a document with `errorMessage`; anything else is told as it is. */
const messageOf = (cause: string): string => {
  const parsed = z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(z.object({ errorMessage: z.string() }));
  try {
    return parsed.parse(cause).errorMessage;
  } catch {
    return cause;
  }
};
