// A share of a restore: its partitions, one after the other, as far as the time of a call allows. One walk through the archive's chain
// says where everything of them is.
import { z } from 'zod';
import { mapAtOnce } from '../../shared/at-once.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { openCluster } from '../../shared/kafka/cluster.ts';
import { KafkaNotReady } from '../../shared/kafka/errors.ts';
import { findPlaces } from '../../shared/kafka/reading.ts';
import { RestoredPart, RestoreId, RestorePlan, restoredKey, restorePlanKey } from '../../shared/kafka/restore.ts';
import { OutOfTime, type Work } from '../../shared/lambda/lambda.ts';
import { findDocument, readDocument } from '../../shared/vault/documents.ts';
import { PartRestore } from './restore-parts.ts';

export const ShareRestore = z.strictObject({ restoreId: RestoreId, share: z.int().nonnegative() });

/** What is written and compared in one piece: read back within a small part of a function's time. */
const STRETCH_BYTES = 256 * 1024 * 1024;
/** Of a function's time, what writing the last batch of a stretch and noting it may take. */
const RESERVED_MS = 60_000;

/**
 * Called again until it is done, it goes on behind the last stretch that was noted. @returns the records of the partitions that are done
 * @throws {ArtifactDamaged} {RestoreDisturbed} {BrokersUnreachable} {KafkaNotReady} {KafkaRefused} {OutOfTime} where a call brought nothing forward
 */
export const restoreShare = async (
  { restoreId, share: number }: z.output<typeof ShareRestore>,
  work: Pick<Work, 'remainingMs'>,
  stretchBytes = STRETCH_BYTES,
): Promise<{ done: boolean; records: number }> => {
  const plan = await readDocument(restorePlanKey(restoreId), RestorePlan);
  const share = plan.shares[number] ?? noShare(restoreId, number);
  const standing = await mapAtOnce(share.parts, async (part) => ({
    ...{ part, records: (await findDocument(restoredKey(restoreId, part), RestoredPart))?.records },
  }));
  let records = standing.reduce((sum, each) => sum + (each.records ?? 0), 0);
  const left = standing.filter((each) => each.records === undefined).map(({ part }) => part);
  if (left.length === 0) return { done: true, records };
  await using cluster = await openCluster(plan.into, kafkaSourceNamed(plan.into));
  const names = new Set(left.map((part) => plan.parts[part]?.as));
  const topics = new Map((await cluster.topics((name) => names.has(name))).map((topic) => [topic.name, topic]));
  const { vaultBucket: bucket, region } = settings();
  const vault = { bucket, region };
  const parts = left.map((part) => plan.parts[part] ?? noShare(restoreId, number));
  const places = await findPlaces(vault, plan.recoveryPoint, parts, share.indexes);
  const isTimeUp = (): boolean => work.remainingMs() < RESERVED_MS;
  let notReady: KafkaNotReady | undefined;
  let advanced = false;
  for (const [at, part] of parts.entries()) {
    const restoring = new PartRestore({
      ...{ plan, number: left[at] ?? 0, part, cluster, topic: topics.get(part.as), vault, places: places[at] ?? [] },
      ...{ isTimeUp, stretchBytes },
    });
    try {
      const restored = await restoring.run();
      advanced ||= restoring.advanced;
      if (restored === undefined && !advanced) throw noProgress(part.as, part.partition);
      if (restored === undefined) return { done: false, records };
      records += restored;
    } catch (error) {
      // A partition without a leader does not hold up the others; it is asked for again when they are done.
      if (!(error instanceof KafkaNotReady)) throw error;
      advanced ||= restoring.advanced;
      notReady ??= error;
    }
  }
  if (notReady) throw notReady;
  return { done: true, records };
};

const noShare = (restoreId: string, number: number): never => {
  throw new RangeError(`The restore ${restoreId} has no share ${number}.`);
};

const noProgress = (as: string, partition: number): OutOfTime =>
  new OutOfTime('a whole call brought a partition no further.', {
    ...{ source: `${as}-${partition}`, expected: 'a stretch written or read back', found: 'neither' },
    next: 'It is tried again. If it stays so, brokers withhold too much (quotas of the client lifeboat), or a transaction has no end in the archive: restore with "undecided": true.',
  });
