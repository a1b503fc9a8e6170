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

export interface Rules {
  /** Why a complete point must not go: a policy that lets it is refused. */
  unsafe(point: RecoveryPoint): string | undefined;
  /** Why a point stays past its time without the policy being wrong: what would let it go is still to come. */
  waits(point: RecoveryPoint): string | undefined;
}

/**
 * Every point gets one decision with its reason. Past its class's time and not protected, it goes; past its time and
 * protected, the policy contradicts what must hold, and people have to look before anything of the source is deleted.
 * @param rules what else keeps a point, by its kind
 */
export const planRetention = (points: readonly RecoveryPoint[], now: Date, rules: Rules): RetentionPlan => {
  const plan: RetentionPlan = { keep: [], remove: [], refused: [] };
  const protections = protectedPoints(points, rules);
  for (const point of points) {
    if (point.status === 'expired') continue;
    const { expiresAt, class: retention } = point.retention;
    if (new Date(expiresAt) > now) {
      plan.keep.push({ id: point.id, reason: `younger than its class (${retention}) allows`, until: expiresAt });
      continue;
    }
    const waiting = rules.waits(point);
    if (waiting) {
      plan.keep.push({ id: point.id, reason: waiting });
      continue;
    }
    const protection = protections.get(point.id);
    if (protection) plan.refused.push({ id: point.id, reason: protection });
    else plan.remove.push({ id: point.id, reason: `its class (${retention}) ended ${expiresAt}` });
  }
  return plan;
};

/** Points that must stay whatever their age, each with the first reason that applies. */
const protectedPoints = (points: readonly RecoveryPoint[], { unsafe }: Rules): Map<string, string> => {
  const reasons = new Map<string, string>();
  const protect = (point: RecoveryPoint | undefined, reason: string | undefined): void => {
    if (point && reason && !reasons.has(point.id)) reasons.set(point.id, reason);
  };
  for (const method of ['snapshot', 'export', 'archive'] as const) {
    const good = points
      .filter((point) => point.method === method && ['stored', 'verified'].includes(point.status))
      .toSorted((a, b) => b.scheduledAt.localeCompare(a.scheduledAt));
    protect(
      good.find(({ status }) => status === 'verified'),
      'the newest proven point',
    );
    protect(good[0], 'the newest point');
    for (const point of good) protect(point, unsafe(point));
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
