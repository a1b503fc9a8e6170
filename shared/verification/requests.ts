// What the first and the last step of every verification are asked, whatever kind of source is verified.
import { z } from 'zod';
import type { Verdict } from '../catalog/recovery-point.ts';
import { Trouble } from './troubles.ts';

/** Input of the machine, and who runs it. */
export const ChooseRequest = z.strictObject({
  source: z.string(),
  recoveryPoint: z.string().optional(),
  before: z.iso.datetime().optional(),
  scheduledAt: z.iso.datetime(),
  /** From the second on: the ones before could not test. */
  attempt: z.int().min(1).optional(),
  execution: z.string().min(1),
});
export type ChooseRequest = z.output<typeof ChooseRequest>;

export const ConcludeRequest = z.strictObject({
  source: z.string(),
  /** Left out where there was nothing to verify. */
  recoveryPoint: z.string().optional(),
  execution: z.string().min(1),
  startedAt: z.iso.datetime(),
  attempt: z.int().min(1).default(1),
  /** What the machine caught on the way. */
  troubles: z.array(Trouble),
});
export type ConcludeRequest = z.output<typeof ConcludeRequest>;

/** What the machine ends with. */
export interface Concluded {
  verdict: Verdict;
  reason: string;
  recoveryPoint?: string;
  evidence?: string;
  worthRepeating?: boolean;
}
