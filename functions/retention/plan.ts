// What retention would do, as data: nothing is read and nothing is deleted here.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';

export interface Decision {
  id: string;
  reason: string;
  /** Until when the reason holds, where that is known. */
  until?: string;
}

export interface RetentionPlan {
  keep: Decision[];
  remove: Decision[];
  /** Points that the policy would remove and that must stay: while there is one, nothing at all is removed. */
  refused: Decision[];
}

/**
 * Every point gets one decision with its reason. Past its class's time and not protected, it goes; past its time and
 * protected, the policy contradicts what must hold, and people have to look before anything of the source is deleted.
 * @param isCopied whether a point is safe against the loss of its region
 */
export const planRetention = (
  points: readonly RecoveryPoint[],
  now: Date,
  isCopied: (point: RecoveryPoint) => boolean,
): RetentionPlan => {
  const plan: RetentionPlan = { keep: [], remove: [], refused: [] };
  const protections = protectedPoints(points, isCopied);
  for (const point of points) {
    if (point.status === 'expired') continue;
    const { expiresAt, class: retention } = point.retention;
    if (new Date(expiresAt) > now) {
      plan.keep.push({ id: point.id, reason: `younger than its class (${retention}) allows`, until: expiresAt });
      continue;
    }
    const protection = protections.get(point.id);
    if (protection) plan.refused.push({ id: point.id, reason: protection });
    else plan.remove.push({ id: point.id, reason: `its class (${retention}) ended ${expiresAt}` });
  }
  return plan;
};

/** Points that must stay whatever their age, each with the first reason that applies. */
const protectedPoints = (
  points: readonly RecoveryPoint[],
  isCopied: (point: RecoveryPoint) => boolean,
): Map<string, string> => {
  const reasons = new Map<string, string>();
  const protect = (point: RecoveryPoint | undefined, reason: string): void => {
    if (point && !reasons.has(point.id)) reasons.set(point.id, reason);
  };
  for (const method of ['snapshot', 'export'] as const) {
    const good = points
      .filter((point) => point.method === method && ['stored', 'verified'].includes(point.status))
      .toSorted((a, b) => b.scheduledAt.localeCompare(a.scheduledAt));
    protect(
      good.find(({ status }) => status === 'verified'),
      'the newest proven point',
    );
    protect(good[0], 'the newest point');
    if (method !== 'snapshot') continue;
    const copied = good.find(isCopied);
    for (const point of good) {
      // Where its copy was given up, none will come: it is worth keeping only while nothing newer is in the other region.
      const superseded = wasGivenUp(point) && copied !== undefined && copied.scheduledAt > point.scheduledAt;
      if (!isCopied(point) && !superseded) protect(point, 'not yet copied to the recovery region');
    }
  }
  for (const point of points) {
    if (point.status === 'started') protect(point, 'still being made');
    if (point.method === 'export' && point.status === 'started' && point.parent) {
      protect(
        points.find(({ id }) => id === point.parent),
        `being exported as ${point.id}`,
      );
    }
  }
  return reasons;
};

const wasGivenUp = ({ copies }: RecoveryPoint): boolean =>
  copies.length > 0 && copies.every(({ status }) => status === 'failed');
