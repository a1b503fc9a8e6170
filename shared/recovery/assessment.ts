// What was seen of the region that may be lost: one document per assessment, written in the region that would take over.
import { z } from 'zod';
import { datePath } from '../clock.ts';

const time = z.iso.datetime();

export const SAYS = ['up', 'down', 'unknown'] as const;

/** One independent look at the other region. */
export const Signal = z.strictObject({
  name: z.string(),
  /** `unknown`: could not be asked, which lowers confidence and says nothing about the region. */
  says: z.enum(SAYS),
  weight: z.number().positive(),
  /** What was seen, for people. */
  evidence: z.string(),
  milliseconds: z.number().nonnegative(),
});
export type Signal = z.output<typeof Signal>;

/** What a failover would need, and whether it is there. */
export const Readiness = z.array(z.strictObject({ step: z.string(), ready: z.boolean(), found: z.string() }));
export type Readiness = z.output<typeof Readiness>;

export const Assessment = z.strictObject({
  at: time,
  verdict: z.enum(['healthy', 'degraded', 'down', 'unknown']),
  /** Weight of the signals that could be asked, as a share of all weight. */
  confidence: z.number().min(0).max(1),
  reasons: z.array(z.string()),
  signals: z.array(Signal),
  /** Down, and so were the assessments just before: enough in a row to act upon. */
  confirmed: z.boolean(),
  /** Time of the first bad assessment of this row: since when customers suffer, as far as we saw. */
  since: time.optional(),
  /** Time of the first that said "down" without a break: before it somebody may still have written there. */
  downSince: time.optional(),
  /** What a failover now would lose of each source, in seconds; null where it cannot be told. */
  dataLossSeconds: z.record(z.string(), z.number().nonnegative().nullable()),
  readiness: Readiness,
});
export type Assessment = z.output<typeof Assessment>;

export const ASSESSMENTS = 'recovery/assessments/';
/** Keys sort by time. */
export const assessmentKey = (at: Date): string =>
  `${ASSESSMENTS}${datePath(at)}/${at.toISOString().replace(/[-:]|\.\d{3}/g, '')}.json`;
