import { TransitionRefused } from './errors.ts';
import type { RecoveryPoint, Status } from './recovery-point.ts';

/**
 * started → stored → verified, any of them → failed, and in the end → expired. A failed point may still be found whole
 * (a snapshot that completed after we gave it up) or be proven by a later verification.
 */
const NEXT: Record<Status, readonly Status[]> = {
  started: ['started', 'stored', 'failed'],
  stored: ['stored', 'verified', 'failed', 'expired'],
  verified: ['verified', 'failed', 'expired'],
  failed: ['failed', 'stored', 'verified', 'expired'],
  expired: ['expired'],
};

/** @throws {TransitionRefused} when the change is not one a recovery point may make. */
export const assertTransition = (from: RecoveryPoint, to: RecoveryPoint): void => {
  if (from.id === to.id && NEXT[from.status].includes(to.status)) return;
  throw new TransitionRefused('a recovery point cannot change like this.', {
    source: from.source,
    recoveryPoint: from.id,
    expected: NEXT[from.status],
    found: to.id === from.id ? to.status : `the id ${to.id}`,
    next: 'Look at who wrote the point last (versions of its catalogue object); two services may share one vault.',
  });
};
