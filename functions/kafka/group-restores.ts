// Consumer groups after a restore: the record that each would have read next has another offset now. Planned, looked at by people, set,
// read back, and taken back where that was wrong.
import { z } from 'zod';
import { mapAtOnce } from '../../shared/at-once.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { ArchivedGroup } from '../../shared/kafka/archive.ts';
import { type Cluster, openCluster } from '../../shared/kafka/cluster.ts';
import type { GroupOffsets } from '../../shared/kafka/groups.ts';
import { chain } from '../../shared/kafka/reading.ts';
import {
  RestoredGroups,
  RestoredPart,
  RestoreId,
  type RestorePart,
  RestorePlan,
  restoredGroupsKey,
  restoredKey,
  restorePlanKey,
} from '../../shared/kafka/restore.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { RestoreDisturbed, RestoreRefused } from './errors.ts';

export const GroupsRequest = z.strictObject({
  restoreId: RestoreId,
  /** `plan` says what would be set, once and for all; `apply` sets it; `roll-back` sets what was there before. */
  step: z.enum(['plan', 'apply', 'roll-back']).default('plan'),
  /** All that had read the restored topics where left out. Only a plan may choose. */
  groups: z.array(z.string().min(1)).min(1).optional(),
});
type GroupsRequest = z.output<typeof GroupsRequest>;

/** @throws {RestoreRefused} {RestoreDisturbed} {KafkaRefused} while a group has members */
export const moveGroups = async (request: GroupsRequest): Promise<RestoredGroups> => {
  const { restoreId, step } = request;
  const plan = await findDocument(restorePlanKey(restoreId), RestorePlan);
  if (!plan) throw refused(restoreId, 'a restore of this id', 'none');
  await using cluster = await openCluster(plan.into, kafkaSourceNamed(plan.into));
  const key = restoredGroupsKey(restoreId);
  if (step === 'plan') return (await openDocument(key, RestoredGroups, await decide(request, plan, cluster))).value;
  const planned = await findDocument(key, RestoredGroups);
  if (!planned) throw refused(restoreId, 'groups that were planned', 'no plan: call it with "step": "plan" first');
  await set(cluster, planned, step);
  logger.info('groups set', { restore: restoreId, step, groups: planned.groups.map(({ group }) => group) });
  const state: RestoredGroups['state'] = step === 'apply' ? 'applied' : 'rolled back';
  return changeDocument(key, RestoredGroups, (standing) => ({ ...standing, state }));
};

const decide = async (request: GroupsRequest, plan: RestorePlan, cluster: Cluster): Promise<RestoredGroups> => {
  const { restoreId, groups: wanted } = request;
  const archived = await archivedGroups(plan);
  const unknown = wanted?.find((name) => !archived.some(({ group }) => group === name));
  if (unknown) throw refused(restoreId, `archived offsets of the group ${unknown}`, 'none');
  const chosen = archived.filter(({ group }) => wanted?.includes(group) ?? true);
  const moved = await movedOffsets(plan, chosen);
  const groups: RestoredGroups['groups'] = [];
  for (const { group } of chosen) {
    const offsets = moved.get(group) ?? [];
    if (offsets.length === 0) continue;
    const before = positions((await cluster.committed(group)).offsets);
    groups.push({
      group,
      offsets: offsets.map((each) => ({ ...each, before: before.get(`${each.topic}-${each.partition}`) ?? null })),
    });
  }
  return { restoreId, state: 'planned', groups };
};

type Moved = Omit<RestoredGroups['groups'][number]['offsets'][number], 'before'>;

/** Group → where it goes. Of each partition the map of its offsets is held only while they are translated. */
const movedOffsets = async (
  { restoreId, parts }: RestorePlan,
  groups: readonly ArchivedGroup[],
): Promise<Map<string, Moved[]>> => {
  const committed = groups.flatMap(({ group, offsets }) => offsets.map((each) => ({ group, ...each })));
  const partitions = Map.groupBy(committed, ({ topicId, partition }) => `${topicId} ${partition}`);
  const all = await mapAtOnce(parts, async (part, number) => {
    const restored = await findDocument(restoredKey(restoreId, number), RestoredPart);
    if (!restored) throw refused(restoreId, 'every partition restored', `${part.as}-${part.partition} is not`);
    const { as: topic, partition } = part;
    return (partitions.get(`${part.topicId} ${partition}`) ?? []).map(({ group, offset: archived, metadata }) => ({
      ...{ group, topic, partition, archived, metadata },
      offset: translated({ ...part, ...restored, offsets: restored.offsets }, archived),
    }));
  });
  const moved = Map.groupBy(all.flat(), ({ group }) => group);
  return new Map([...moved].map(([group, offsets]) => [group, offsets.map(({ group: _, ...offset }) => offset)]));
};

/** Topic and partition → where a group stands. */
const positions = (
  offsets: GroupOffsets['offsets'],
): Map<string, Pick<GroupOffsets['offsets'][number], 'offset' | 'metadata'>> =>
  new Map(offsets.map(({ topic, partition, offset, metadata }) => [`${topic}-${partition}`, { offset, metadata }]));

/** As they were when the newest archive was taken. */
const archivedGroups = async ({ recoveryPoint }: RestorePlan): Promise<ArchivedGroup[]> => {
  const { vaultBucket: bucket, region } = settings();
  for await (const { groups } of chain({ bucket, region }, recoveryPoint)) return groups;
  return [];
};

/** The offset of the first restored record that the group had not read: at its offset, or the first behind it that was restored. */
export const translated = (part: Omit<RestorePart, 'offsets'> & RestoredPart, offset: number): number => {
  const run = part.offsets.find(({ to }) => to > offset);
  return run ? run.at + Math.max(0, offset - run.from) : part.base + part.records;
};

/** Set, and read back. What a group had none of before cannot be taken back to none: it stays, and is named in the document. */
const set = async (
  cluster: Cluster,
  { groups, restoreId }: RestoredGroups,
  step: 'apply' | 'roll-back',
): Promise<void> => {
  for (const { group, offsets } of groups) {
    const wanted = offsets.flatMap(({ topic, partition, offset, metadata, before }) => {
      const to = step === 'apply' ? { offset, metadata } : before;
      return to ? [{ topic, partition, ...to }] : [];
    });
    if (wanted.length === 0) continue;
    await cluster.commit({ group, offsets: wanted });
    const found = positions((await cluster.committed(group)).offsets);
    for (const { topic, partition, offset } of wanted) {
      const now = found.get(`${topic}-${partition}`)?.offset;
      if (now === offset) continue;
      throw new RestoreDisturbed('a group does not stand where it was set to.', {
        ...{
          source: `restore ${restoreId}, group ${group}`,
          expected: `${topic}-${partition} at ${offset}`,
          found: now ?? 'none',
        },
        next: 'Stop the consumers of the group, then set it again.',
      });
    }
  }
};

const refused = (restoreId: string, expected: string, found: string): RestoreRefused =>
  new RestoreRefused('the groups were not moved.', {
    ...{ source: `restore ${restoreId}`, expected, found },
    next: 'Nothing was set. Finish the restore, or correct the request.',
  });
