// What was promised against what is: nothing counts as met that was not measured.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { secondsBetween } from '../../shared/clock.ts';
import type { KafkaSource, RdsSource, RedisSource } from '../../shared/config/schema.ts';

export interface Objective {
  name: string;
  /** Seconds. */
  objective: number;
  measured: number | null;
  state: 'met' | 'not met' | 'not measured';
  /** Where the figure comes from. */
  evidence: string;
}

const judged = (name: string, objective: number, measured: number | null, evidence: string): Objective => ({
  name,
  objective,
  measured,
  state: measured === null ? 'not measured' : measured <= objective ? 'met' : 'not met',
  evidence,
});

/** @param latestRestorable RDS's latest restorable time; undefined where it could not be asked or there is none */
export const databaseObjectives = (
  { objectives }: RdsSource,
  points: readonly RecoveryPoint[],
  latestRestorable: Date | undefined,
  at: Date,
): Objective[] => {
  const snapshots = points.filter(({ method }) => method === 'snapshot');
  const copied = snapshots.findLast(({ copies }) => copies.some(({ lagSeconds }) => lagSeconds !== undefined));
  return [
    provenAge(objectives.proven, snapshots, at),
    judged(
      'Data loss if the database were lost now (RPO)',
      objectives.rpo,
      latestRestorable ? Math.max(0, secondsBetween(latestRestorable, at)) : null,
      latestRestorable
        ? `latest restorable time ${latestRestorable.toISOString()}`
        : 'RDS gave no latest restorable time',
    ),
    lastRestore(objectives.rto, snapshots),
    judged(
      'Last copy to the recovery region',
      objectives.copy,
      copied ? Math.max(...copied.copies.flatMap(({ lagSeconds }) => lagSeconds ?? [])) : null,
      copied?.id ?? 'nothing was copied yet',
    ),
  ];
};

/** Nothing restores a cluster yet, so nothing was restored: how old the newest archive is, is what would be lost. */
export const clusterObjectives = (
  { objectives, verify }: KafkaSource,
  points: readonly RecoveryPoint[],
  at: Date,
): Objective[] => {
  const newest = points.findLast(({ status }) => status === 'stored' || status === 'verified');
  return [
    ...(verify.into ? [provenAge(objectives.proven, points, at)] : []),
    judged(
      'Records lost if the cluster were lost now (RPO)',
      objectives.rpo,
      newest ? ageOf(newest, at) : null,
      newest?.id ?? 'there is no archive',
    ),
  ];
};

/** Nothing restores a cache but its newest archive: how old its data is, is what would be lost. */
export const cacheObjectives = (
  { objectives }: RedisSource,
  points: readonly RecoveryPoint[],
  at: Date,
): Objective[] => {
  const archives = points.filter(({ method }) => method === 'export');
  const newest = archives.findLast(({ status }) => status === 'stored' || status === 'verified');
  return [
    provenAge(objectives.proven, archives, at),
    judged(
      'Data loss if the cache were lost now (RPO)',
      objectives.rpo,
      newest ? ageOf(newest, at) : null,
      newest?.id ?? 'there is no archive to restore from',
    ),
    lastRestore(objectives.rto, archives),
  ];
};

const ageOf = ({ pointInTime, scheduledAt }: RecoveryPoint, at: Date): number =>
  Math.max(0, secondsBetween(new Date(pointInTime ?? scheduledAt), at));

const provenAge = (objective: number, points: readonly RecoveryPoint[], at: Date): Objective => {
  const proven = points.findLast(({ status }) => status === 'verified');
  return judged(
    'Age of the newest PROVEN point',
    objective,
    proven ? ageOf(proven, at) : null,
    proven?.id ?? 'no point was proven yet',
  );
};

const lastRestore = (objective: number, points: readonly RecoveryPoint[]): Objective => {
  const restored = points
    .flatMap(({ verifications }) => verifications)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .findLast(({ restoreSeconds }) => restoreSeconds !== undefined);
  return judged(
    'Last restore, from asking to answering (RTO)',
    objective,
    restored?.restoreSeconds ?? null,
    restored ? `verification of ${restored.at}` : 'nothing was restored yet',
  );
};
