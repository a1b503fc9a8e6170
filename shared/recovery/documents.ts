// What a failover leaves in the vault of the region that takes over: who holds the platform, and what each phase did.
import { z } from 'zod';

const time = z.iso.datetime();

/** In their order. Fencing comes before anything that could let two regions take writes. */
export const PHASES = [
  'declare',
  'approve',
  'fence',
  'database',
  'cache',
  'streams',
  'infrastructure',
  'workloads',
  'dns',
  'health',
  'monitoring',
  'validate',
  'announce',
] as const;
export type Phase = (typeof PHASES)[number];

/** Part of keys, names and ids: short, plain. */
export const FailoverId = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{2,39}$/, 'a failover id of 3 to 40 lower case letters, digits and hyphens');

/** Drills are told apart by their id: whatever gets one knows that names of production are not to be touched. */
const DRILL = 'drill-';
export const isDrill = (failoverId: string): boolean => failoverId.startsWith(DRILL);

/** The right to move the platform, or to rehearse it. One document, taken by conditional write: of two executions one wins. */
export const Epoch = z.strictObject({
  /** Grows by one with every move of the platform, whichever region it moves to. */
  epoch: z.int().positive(),
  failoverId: FailoverId,
  kind: z.enum(['failover', 'failback', 'drill']),
  from: z.string(),
  to: z.string(),
  execution: z.string(),
  status: z.enum(['running', 'done', 'abandoned']),
  declaredAt: time,
  endedAt: time.optional(),
  /** What people are told about it, in one sentence. */
  reason: z.string(),
});
export type Epoch = z.output<typeof Epoch>;

export const Facts = z.record(z.string(), z.json());
export type Facts = z.output<typeof Facts>;

/** One phase of one failover: its place on the time line, and what later phases need of it. */
export const PhaseRecord = z.strictObject({
  phase: z.enum(PHASES),
  startedAt: time,
  endedAt: time.optional(),
  targetSeconds: z.number().positive().optional(),
  /** How often the step was called. */
  attempts: z.int().nonnegative(),
  /** Why the phase is not done yet. */
  found: z.string().optional(),
  facts: Facts,
});
export type PhaseRecord = z.output<typeof PhaseRecord>;

/**
 * The region that takes over keeps the record, under a key of its own: the vault of the primary region is replicated into
 * that of the recovery region, and a replica that arrives late must not take the place of what was written there.
 */
export const epochKey = (region: string): string => `recovery/epoch/${region}.json`;
/** The claim of a drill is a document of its own: a drill never stands in the way of a failover. */
export const drillEpochKey = (region: string): string => `recovery/epoch/drill-${region}.json`;
export const phaseKey = (failoverId: string, phase: Phase): string => `recovery/${failoverId}/phases/${phase}.json`;

/** What people were asked, and what they answered. The token wakes the machine that waits; it is nobody else's business. */
export const Approval = z.strictObject({
  token: z.string(),
  askedAt: time,
  deadline: time,
  /** Set once people have been told. */
  toldAt: time.optional(),
  decision: z.enum(['granted', 'refused']).optional(),
  by: z.string().optional(),
  decidedAt: time.optional(),
});
export type Approval = z.output<typeof Approval>;
export const approvalKey = (failoverId: string): string => `recovery/${failoverId}/approval.json`;
export const validationKey = (failoverId: string): string => `recovery/${failoverId}/validation.json`;

/** What came of the old primary after a failover that could not reach it. */
export const Watch = z.strictObject({
  sessionsEnded: z.int().nonnegative(),
  /** Set once it was found shut to the application, and people were told. */
  fencedAt: time.optional(),
  /** Set once people were told that it is back and cannot be shut. */
  troubledAt: time.optional(),
  /** Set once nothing is backed up or measured there any more. */
  asleepAt: time.optional(),
});
export type Watch = z.output<typeof Watch>;
export const watchKey = (failoverId: string): string => `recovery/${failoverId}/watch.json`;
