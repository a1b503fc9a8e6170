// What a failover into a region would do if it began now: made without touching anything, kept in the vault of that region.
import { z } from 'zod';
import { Readiness } from './assessment.ts';
import { PHASES } from './documents.ts';

const time = z.iso.datetime();
const seconds = z.number().nonnegative();

/**
 * `unclear`: the policy asks for something that only the call itself has; `not checked`: IAM could not be asked; `not by IAM`:
 * somebody else decides, as `found` says.
 */
export const PERMISSIONS = ['allowed', 'denied', 'unclear', 'not checked', 'not by IAM'] as const;

const PlannedCall = z.strictObject({
  /** `rds:PromoteReadReplica`, or what is asked of a server: `SQL ALTER ROLE … NOLOGIN`. */
  call: z.string(),
  /** What it is made on, as the call names it. */
  on: z.string(),
  region: z.string(),
  /** A failure of it does not stop the phase. */
  bestEffort: z.boolean(),
  permission: z.enum(PERMISSIONS),
  /** What is denied or unclear, why it was not checked, or who decides instead. */
  found: z.string().optional(),
});
export type PlannedCall = z.output<typeof PlannedCall>;

const PlannedPhase = z.strictObject({
  phase: z.enum(PHASES),
  /** The function that makes the calls. */
  function: z.string(),
  calls: z.array(PlannedCall),
  targetSeconds: seconds.optional(),
  expectedSeconds: seconds,
  /** What the expectation rests on. */
  basis: z.string(),
});
export type PlannedPhase = z.output<typeof PlannedPhase>;

const Quota = z.strictObject({
  name: z.string(),
  used: z.number(),
  max: z.number(),
  /** How many more this plan needs. */
  needed: z.number(),
  enough: z.boolean(),
});
export type Quota = z.output<typeof Quota>;

export const Plan = z.strictObject({
  at: time,
  platform: z.string(),
  from: z.string(),
  to: z.string(),
  /** What people have to know first; the first line holds what would be worse than promised. */
  headline: z.array(z.string()).min(1),
  phases: z.array(PlannedPhase),
  expected: z.strictObject({
    /** From the declaration until customers are served; of it, how long people may take to decide. */
    rtoSeconds: seconds,
    decidingSeconds: seconds,
    objectiveSeconds: seconds,
  }),
  /** The assessment that data loss and readiness are taken from. */
  assessedAt: time.nullable(),
  dataLoss: z.array(
    z.strictObject({ source: z.string(), seconds: seconds.nullable(), objectiveSeconds: seconds, late: z.boolean() }),
  ),
  readiness: Readiness,
  quotas: z.array(Quota),
  /** What this plan does not know, and why. */
  notChecked: z.array(z.string()),
  notRecovered: z.array(z.strictObject({ what: z.string(), reason: z.string() })),
});
export type Plan = z.output<typeof Plan>;

/** Of the region that would take over. Each plan replaces the one before; the vault keeps the versions. */
export const planKey = (region: string): string => `recovery/plan/${region}.json`;
export const runbookKey = (region: string): string => `recovery/plan/${region}.md`;
