// What was promised against what is: nothing counts as met that was not measured.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { secondsBetween } from '../../shared/clock.ts';
import type { RdsSource } from '../../shared/config/schema.ts';

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
export const objectivesOf = (
  { objectives }: RdsSource,
  points: readonly RecoveryPoint[],
  latestRestorable: Date | undefined,
  at: Date,
): Objective[] => {
  const snapshots = points.filter(({ method }) => method === 'snapshot');
  const proven = snapshots.findLast(({ status }) => status === 'verified');
  const copied = snapshots.findLast(({ copies }) => copies.some(({ lagSeconds }) => lagSeconds !== undefined));
  const restored = snapshots
    .flatMap(({ verifications }) => verifications)
    .toSorted((a, b) => a.at.localeCompare(b.at))
    .findLast(({ restoreSeconds }) => restoreSeconds !== undefined);
  return [
    judged(
      'Age of the newest PROVEN point',
      objectives.proven,
      proven ? Math.max(0, secondsBetween(new Date(proven.pointInTime ?? proven.scheduledAt), at)) : null,
      proven?.id ?? 'no point was proven yet',
    ),
    judged(
      'Data loss if the database were lost now (RPO)',
      objectives.rpo,
      latestRestorable ? Math.max(0, secondsBetween(latestRestorable, at)) : null,
      latestRestorable
        ? `latest restorable time ${latestRestorable.toISOString()}`
        : 'RDS gave no latest restorable time',
    ),
    judged(
      'Last restore, from asking to answering (RTO)',
      objectives.rto,
      restored?.restoreSeconds ?? null,
      restored ? `verification of ${restored.at}` : 'nothing was restored yet',
    ),
    judged(
      'Last copy to the recovery region',
      objectives.copy,
      copied ? Math.max(...copied.copies.flatMap(({ lagSeconds }) => lagSeconds ?? [])) : null,
      copied?.id ?? 'nothing was copied yet',
    ),
  ];
};
