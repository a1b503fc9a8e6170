import type { RecoveryPoint } from './recovery-point.ts';

/** Name of a point's snapshot in a region: of the copy, where the point has one there; its own where it was taken. */
export const snapshotIn = ({ copies, nativeId }: RecoveryPoint, region: string): string | undefined => {
  const copy = copies.find((each) => each.region === region);
  if (!copy) return nativeId;
  return copy.status === 'available' ? copy.snapshotId : undefined;
};
