import { z } from 'zod';

/** Asks for a snapshot of a source; the same time and purpose ask for the same recovery point. */
export const SnapshotRequest = z.strictObject({
  source: z.string().min(1),
  scheduledAt: z.iso.datetime(),
  purpose: z.enum(['scheduled', 'on-demand', 'pre-migration', 'pre-recovery']).default('on-demand'),
});
export type SnapshotRequest = z.output<typeof SnapshotRequest>;
