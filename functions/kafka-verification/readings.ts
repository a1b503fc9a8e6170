// Archives read through: every part compared with its digest, every batch with its checksum, every record decoded and counted.
import { z } from 'zod';
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { settings } from '../../shared/config/settings.ts';
import { ArchiveIndex, indexKey, type Segment } from '../../shared/kafka/archive.ts';
import { BatchDamaged } from '../../shared/kafka/errors.ts';
import { batchesOf } from '../../shared/kafka/reading.ts';
import { recordsIn } from '../../shared/kafka/records.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { changeDocument, openDocument, readDocument } from '../../shared/vault/documents.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { Plan, Progress, planKey, progressKey, type Tally } from './documents.ts';

export const GroupRequest = StepRequest.extend({ group: z.int().nonnegative() });

const RESERVED_MS = 60_000;
const DAMAGE_TOLD = 100;

/** Called again where its time was not enough: it goes on behind the last segment that it noted. */
export const readGroup = async (
  { recoveryPoint, execution, group }: z.output<typeof GroupRequest>,
  work: Pick<Work, 'remainingMs'>,
): Promise<{ done: boolean }> => {
  const plan = await readDocument(planKey(recoveryPoint, execution), Plan);
  const archives = plan.groups[group] ?? [];
  const key = progressKey(recoveryPoint, execution, group);
  const opened: Progress = { archive: 0, segment: 0, topics: {}, damage: [], done: archives.length === 0 };
  let { value: progress } = await openDocument(key, Progress, opened);
  const note = async (next: Progress): Promise<void> => {
    progress = await changeDocument(key, Progress, (standing) => (isBehind(standing, next) ? next : standing));
  };
  while (!progress.done) {
    const index = await readDocument(indexKey(archives[progress.archive] ?? ''), ArchiveIndex);
    while (progress.segment < index.segments.length) {
      if (work.remainingMs() < RESERVED_MS) return { done: false };
      const segment = index.segments[progress.segment] as Segment;
      const next = structuredClone(progress);
      await readSegment(segment, next);
      await note({ ...next, segment: progress.segment + 1 });
    }
    const archive = progress.archive + 1;
    await note({ ...progress, archive, segment: 0, done: archive === archives.length });
  }
  return { done: true };
};

/** Of two calls at once the one that is further counts. */
const isBehind = (standing: Progress, next: Progress): boolean =>
  !standing.done &&
  (standing.archive < next.archive ||
    (standing.archive === next.archive && standing.segment < next.segment) ||
    next.done);

const readSegment = async ({ artifact, parts }: Segment, progress: Progress): Promise<void> => {
  const { vaultBucket: bucket, region } = settings();
  for (const part of parts) {
    const place = `${part.topic}-${part.partition}`;
    progress.topics[part.topic] ??= { parts: 0, bytes: 0, batches: 0, records: 0, damaged: 0 };
    const tally = progress.topics[part.topic] as Tally;
    tally.parts += 1;
    tally.bytes += part.bytes;
    tally.batches += part.batches;
    try {
      let records = 0;
      for (const batch of await batchesOf({ bucket, region }, { artifact, part })) {
        if (batch.lastOffset < part.from || batch.baseOffset >= part.to)
          throw outside(
            artifact.uri,
            place,
            `${part.from} to ${part.to}`,
            `${batch.baseOffset} to ${batch.lastOffset + 1}`,
          );
        if (!batch.control) for (const _ of recordsIn(batch, place)) records += 1;
      }
      tally.records += records;
    } catch (error) {
      if (!(error instanceof ArtifactDamaged || error instanceof BatchDamaged)) throw error;
      tally.damaged += 1;
      if (progress.damage.length < DAMAGE_TOLD)
        progress.damage.push(
          `${artifact.uri}, ${place}, offsets ${part.from} to ${part.to}: ${error.message}`.slice(0, 600),
        );
    }
  }
};

const outside = (uri: string, place: string, expected: string, found: string): ArtifactDamaged =>
  new ArtifactDamaged('a segment holds batches of other offsets than its index says.', {
    ...{ source: `${place} in ${uri}`, expected: `offsets ${expected}`, found: `offsets ${found}` },
    next: 'Read the replica in the other region; keep this version as evidence.',
  });
