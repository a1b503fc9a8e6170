// What all phases have in common: they act only for the failover that holds the epoch, they keep a record, and a step may
// be called any number of times and be killed anywhere. A step checks, acts and confirms; it never waits.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import {
  type Epoch,
  type Facts,
  FailoverId,
  PHASES,
  type Phase,
  PhaseRecord,
  phaseKey,
} from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { holdEpoch, recoveryPlan } from './epoch.ts';

export const PhaseRequest = z.strictObject({ failoverId: FailoverId });
export type PhaseRequest = z.output<typeof PhaseRequest>;

/**
 * What one call of a step came to: done, with what later phases need; or not yet, and when to look again. Facts noted on
 * the way stand in the record before the step is called again: what has to be known before an act is noted, and acted
 * upon by the next call.
 */
export type Step = { done: true; facts: Facts } | { done: false; waitSeconds: number; found: string; facts?: Facts };

export interface PhaseContext {
  failoverId: string;
  kind: Epoch['kind'];
  /** The region that is left, and the one that takes over: this one. */
  from: string;
  to: string;
  declaredAt: Date;
  plan: Recovery;
  /** When this phase began. */
  startedAt: Date;
  /** A drill: names of production are not touched. */
  rehearsal: boolean;
  /** What this phase has noted so far. */
  noted: Facts;
  /** Adds to it at once: what has to stand although this call will throw. */
  note(facts: Facts): Promise<unknown>;
  /** Facts of phases that are done. */
  factsOf(phase: Phase): Facts | undefined;
  /** Asks again, just before an act that cannot be taken back. @throws {EpochLost} */
  stillHeld(): Promise<unknown>;
}

export type PhaseAnswer = { phase: Phase; failoverId: string } & Step;

/** Makes the work of a phase's handler out of its step. @throws {EpochLost} before anything is done. */
export const phase =
  (name: Phase, step: (context: PhaseContext, work: Work) => Promise<Step>) =>
  async ({ failoverId }: PhaseRequest, work: Work): Promise<PhaseAnswer> => {
    const epoch = await holdEpoch(failoverId);
    const plan = recoveryPlan();
    const key = phaseKey(failoverId, name);
    const opened = await openRecord(key, name, plan);
    if (opened.endedAt) return { phase: name, failoverId, done: true, facts: opened.facts };
    const outcome = await step(await contextOf(epoch, plan, opened, key), work);
    const { facts, endedAt, found = '' } = await changeDocument(key, PhaseRecord, (record) => noted(record, outcome));
    logger.info(endedAt ? 'phase done' : 'phase not done yet', { failover: failoverId, phase: name, found, facts });
    // Of two calls at once the other may have ended the phase: what stands is the answer.
    if (outcome.done || endedAt) return { phase: name, failoverId, done: true, facts };
    return { phase: name, failoverId, done: false, waitSeconds: outcome.waitSeconds, found };
  };

const openRecord = async (key: string, name: Phase, plan: Recovery): Promise<PhaseRecord> => {
  const targets: Partial<Record<Phase, number>> = plan.targets;
  const targetSeconds = targets[name];
  const { value } = await openDocument(key, PhaseRecord, {
    phase: name,
    startedAt: now().toISOString(),
    ...(targetSeconds ? { targetSeconds } : {}),
    attempts: 0,
    facts: {},
  });
  return value;
};

const noted = (record: PhaseRecord, outcome: Step): PhaseRecord => {
  if (record.endedAt) return record;
  const { found: _, ...rest } = record;
  const so = { ...rest, attempts: record.attempts + 1, facts: { ...record.facts, ...outcome.facts } };
  return outcome.done ? { ...so, endedAt: now().toISOString() } : { ...so, found: outcome.found };
};

const contextOf = async (epoch: Epoch, plan: Recovery, own: PhaseRecord, key: string): Promise<PhaseContext> => {
  const records = await phaseRecords(epoch.failoverId);
  return {
    failoverId: epoch.failoverId,
    kind: epoch.kind,
    from: epoch.from,
    to: epoch.to,
    declaredAt: new Date(epoch.declaredAt),
    plan,
    startedAt: new Date(own.startedAt),
    rehearsal: epoch.kind === 'drill',
    noted: own.facts,
    note: (facts) =>
      changeDocument(key, PhaseRecord, (record) =>
        record.endedAt ? record : { ...record, facts: { ...record.facts, ...facts } },
      ),
    factsOf: (of) => records.find(({ phase: at, endedAt }) => at === of && endedAt)?.facts,
    stillHeld: () => holdEpoch(epoch.failoverId),
  };
};

/** Every record of a failover, in the order of phases. */
export const phaseRecords = async (failoverId: string): Promise<PhaseRecord[]> => {
  const records = await Promise.all(PHASES.map((of) => findDocument(phaseKey(failoverId, of), PhaseRecord)));
  return records.filter((record) => record !== undefined);
};
