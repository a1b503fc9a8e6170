// The end of an archive: what all shares wrote becomes one recovery point, on the condition that it goes on from the newest one.
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { changePoint, readPoint } from '../../shared/catalog/catalog.ts';
import { parsePointId } from '../../shared/catalog/ids.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import {
  ArchiveHead,
  type ArchiveIndex,
  ArchivePlan,
  headKey,
  indexKey,
  manifestKey,
  planKey,
  progressKey,
  ShareProgress,
} from '../../shared/kafka/archive.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument, readDocument } from '../../shared/vault/documents.ts';
import { ArchiveSuperseded, ArchiveUnfinished } from './errors.ts';
import { tellBeside, tellGaps } from './messages.ts';

export const PointRequest = z.strictObject({ recoveryPoint: z.string() });

/** @throws {ArchiveUnfinished} {ArchiveSuperseded}: then the point is failed, and nothing of it is lost. */
export const commitArchive = async ({
  recoveryPoint: id,
}: z.output<typeof PointRequest>): Promise<{ records: number; gaps: number }> => {
  const point = await readPoint(id);
  if (point.status === 'failed') throw superseded(point, point.failure ?? 'given up');
  const index = await indexOf(id);
  if (point.status === 'started') {
    await takeHead(point, index);
    await settle(id, index);
  }
  const records = index.segments.flatMap(({ parts }) => parts).reduce((sum, part) => sum + part.records, 0);
  return { records, gaps: index.gaps.length };
};

/** Everything that the shares wrote, in one document. */
const indexOf = async (id: string): Promise<ArchiveIndex> => {
  const plan = await readDocument(planKey(id), ArchivePlan);
  const shares = await Promise.all(plan.shares.map((_, share) => findDocument(progressKey(id, share), ShareProgress)));
  const open = shares.findIndex((share) => !share?.done);
  if (open >= 0)
    throw new ArchiveUnfinished('a share of the archive is not archived yet.', {
      ...{ source: parsePointId(id).source, recoveryPoint: id, expected: 'every share done' },
      found: `share ${open} of ${plan.shares.length} ${shares[open] ? 'half done' : 'not begun'}`,
      next: 'Start the machine again for the same time: it goes on where it stopped.',
    });
  const done = shares.filter((share) => share !== undefined);
  return {
    ...{
      schemaVersion: 1,
      recoveryPoint: id,
      base: plan.base,
      takenAt: plan.takenAt,
      topics: plan.topics,
      groups: plan.groups,
      beside: plan.beside,
      ...(plan.access ? { access: plan.access } : {}),
    },
    segments: done.flatMap(({ segments }) => segments),
    gaps: [...plan.gaps, ...done.flatMap(({ gaps }) => gaps)],
    next: plan.next,
  };
};

/** Of two archives that were planned from the same one, one is committed. */
const takeHead = async ({ id, source }: RecoveryPoint, { base, next }: ArchiveIndex): Promise<void> => {
  const key = headKey(source);
  const own: ArchiveHead = { recoveryPoint: id, next };
  const standing =
    base === null
      ? (await openDocument(key, ArchiveHead, own)).value
      : await changeDocument(key, ArchiveHead, (head) => (head.recoveryPoint === base ? own : head));
  if (standing.recoveryPoint === id) return;
  const failure = `${standing.recoveryPoint} was committed meanwhile and holds the same offsets`;
  await changePoint(id, (point) => (point.status === 'started' ? { ...point, status: 'failed', failure } : point));
  throw superseded({ id, source }, failure);
};

const superseded = ({ id, source }: Pick<RecoveryPoint, 'id' | 'source'>, found: string): ArchiveSuperseded =>
  new ArchiveSuperseded('another archive of this source took the place of this one.', {
    ...{ source, recoveryPoint: id, expected: 'the only archive that goes on from the newest one', found },
    next: 'Nothing is lost: its offsets are in that one. Let one schedule archive a source.',
  });

/** Makes the point of a committed archive one that can be restored from. Safe to call again. */
export const settle = async (id: string, known?: ArchiveIndex): Promise<void> => {
  const index = known ?? (await indexOf(id));
  const objects = [...index.segments.map(({ artifact }) => artifact), ...documentsOf(index)];
  const manifest = await writeArtifact(manifestKey(id), JSON.stringify({ recoveryPoint: id, objects }, null, 2));
  const written = await writeArtifact(indexKey(id), JSON.stringify(index));
  // Before the point is stored: a call that is killed in between is made again, and one after it would tell nobody.
  await tellGaps(index);
  await tellBeside(index);
  const { source } = await changePoint(id, (point) =>
    point.status === 'started'
      ? {
          ...point,
          ...{ status: 'stored', storedAt: now().toISOString(), pointInTime: index.takenAt },
          ...(index.base ? { parent: index.base } : {}),
          sizeBytes: objects.reduce((sum, { bytes }) => sum + bytes, 0),
          durationSeconds: secondsBetween(new Date(point.startedAt), now()),
          artifacts: [written, { ...manifest, lists: objects.length }],
        }
      : point,
  );
  logger.info('archive committed', {
    source,
    recoveryPoint: id,
    segments: index.segments.length,
    gaps: index.gaps.length,
  });
};

const documentsOf = ({ beside }: ArchiveIndex): Artifact[] =>
  Object.values(beside).flatMap((document) => (document && 'artifact' in document ? [document.artifact] : []));
