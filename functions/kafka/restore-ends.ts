// The end of a restore: what it brought back, in one document, and told.
import { z } from 'zod';
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { mapAtOnce } from '../../shared/at-once.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { bootstrapHere } from '../../shared/kafka/brokers.ts';
import {
  KEEPING,
  RestoredPart,
  RestoreId,
  RestorePlan,
  restoredKey,
  restorePlanKey,
  restoreSummaryKey,
} from '../../shared/kafka/restore.ts';
import { notify } from '../../shared/notify/notify.ts';
import { findDocument, readDocument } from '../../shared/vault/documents.ts';
import { ArchiveUnfinished } from './errors.ts';

/** Topics whose settings are told; a message has room for no more. */
const TOLD = 20;

export const EndRequest = z.strictObject({ restoreId: RestoreId });

/** @throws {ArchiveUnfinished} while a partition is not restored */
export const concludeRestore = async ({
  restoreId,
}: z.output<typeof EndRequest>): Promise<{ restoreId: string; records: number; partitions: number }> => {
  const plan = await readDocument(restorePlanKey(restoreId), RestorePlan);
  const parts = await mapAtOnce(plan.parts, async (part, number) => {
    const restored = await findDocument(restoredKey(restoreId, number), RestoredPart);
    const { offsets, stretches, ...result } = restored ?? unfinished(plan, number);
    return { ...part, ...result, stretches: stretches.length, runs: offsets.length };
  });
  const records = parts.reduce((sum, part) => sum + part.records, 0);
  const { shares: _, ...about } = plan;
  await writeArtifact(restoreSummaryKey(restoreId), JSON.stringify({ ...about, parts, records }, null, 2));
  await notify({
    topic: 'info',
    what: `${records} records of ${plan.source} are restored into ${plan.into}`,
    ...{ source: plan.source, recoveryPoint: plan.recoveryPoint, since: new Date(plan.plannedAt) },
    impact:
      'Every partition was read back and holds what the archive holds. Consumer groups stand where they stood: kafkaRestoreGroups moves them.',
    evidence: parts
      .slice(0, 30)
      .map(
        ({ as, partition, records: of, sha256 }) =>
          `${as}-${partition}: ${of} records, SHA-256 ${sha256.slice(0, 16)}…`,
      ),
    next: settingsLeft(plan) || 'Nothing is left to be done.',
  });
  return { restoreId, records, partitions: parts.length };
};

/** A restored topic keeps everything until people say that it need not: what it holds is older than it would allow. */
const settingsLeft = ({ topics, into, restoreId }: RestorePlan): string => {
  const [bootstrap] = bootstrapHere(kafkaSourceNamed(into));
  const told = topics.slice(0, TOLD).map(({ name, settings, setAside }) => {
    const given = Object.entries(setAside).map(([setting, value]) => `${setting}=[${value}]`);
    const taken = Object.keys(KEEPING).filter((setting) => settings[setting] !== undefined && !(setting in setAside));
    const changes = [
      ...(given.length > 0 ? [`--add-config '${given.join(',')}'`] : []),
      ...(taken.length > 0 ? [`--delete-config ${taken.join(',')}`] : []),
    ].join(' ');
    return `Once consumers have read what they need of ${name}, let it drop old records as it did: kafka-configs.sh --bootstrap-server ${bootstrap} --alter --topic ${name} ${changes}`;
  });
  const more = topics.length - told.length;
  const elsewhere = `So for ${more} more topics: ${restoreSummaryKey(restoreId)} has what was set aside of each.`;
  return [...told, ...(more > 0 ? [elsewhere] : [])].join(' ');
};

const unfinished = ({ source, recoveryPoint, parts, restoreId }: RestorePlan, number: number): never => {
  throw new ArchiveUnfinished('a partition is not restored yet.', {
    ...{ source, recoveryPoint, expected: `${parts.length} partitions restored and read back` },
    found: `${parts[number]?.as}-${parts[number]?.partition} is not`,
    next: `Start the machine again with the restore id ${restoreId}: it goes on where it stopped.`,
  });
};
