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

/** What one call of a step came to: done, with what later phases need; or not yet, and when to look again. */
export type Step = { done: true; facts: Facts } | { done: false; waitSeconds: number; found: string };

export interface PhaseContext {
  failoverId: string;
  kind: Epoch['kind'];
  /** The region that is left, and the one that takes over: this one. */
  from: string;
  to: string;
  declaredAt: Date;
  plan: Recovery;
  /** A drill: names of production are not touched. */
  rehearsal: boolean;
  /** Facts of phases that are done. */
  factsOf(phase: Phase): Facts | undefined;
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
    const outcome = await step(await contextOf(epoch, plan), work);
    await changeDocument(key, PhaseRecord, (record) => noted(record, outcome));
    logger.info(outcome.done ? 'phase done' : 'phase not done yet', {
      failover: failoverId,
      phase: name,
      ...(outcome.done ? { facts: outcome.facts } : { found: outcome.found }),
    });
    return { phase: name, failoverId, ...outcome };
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
  const attempts = record.attempts + 1;
  return outcome.done
    ? { ...rest, attempts, endedAt: now().toISOString(), facts: outcome.facts }
    : { ...rest, attempts, found: outcome.found };
};

const contextOf = async (epoch: Epoch, plan: Recovery): Promise<PhaseContext> => {
  const records = await phaseRecords(epoch.failoverId);
  return {
    failoverId: epoch.failoverId,
    kind: epoch.kind,
    from: epoch.from,
    to: epoch.to,
    declaredAt: new Date(epoch.declaredAt),
    plan,
    rehearsal: epoch.kind === 'drill',
    factsOf: (of) => records.find(({ phase: at, endedAt }) => at === of && endedAt)?.facts,
  };
};

/** Every record of a failover, in the order of phases. */
export const phaseRecords = async (failoverId: string): Promise<PhaseRecord[]> => {
  const records = await Promise.all(PHASES.map((of) => findDocument(phaseKey(failoverId, of), PhaseRecord)));
  return records.filter((record) => record !== undefined);
};
