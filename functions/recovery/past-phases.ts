// How long phases took before: the records of earlier failovers in the vault of this region.
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { s3 } from '../../shared/aws/clients.ts';
import { secondsBetween } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { FailoverId, type Phase, type PhaseRecord } from '../../shared/recovery/documents.ts';
import type { PlannedPhase } from '../../shared/recovery/plan.ts';
import { phaseRecords } from './phases.ts';

export type PastPhases = ReadonlyMap<Phase, readonly number[]>;

const PREFIX = 'recovery/';
/** Folders beside those of failovers, one of them with a document for every minute. */
const OTHERS = ['assessments', 'dns', 'drills', 'epoch', 'plan'];

/** Seconds of every phase that was done; of a rehearsal, what was skipped says nothing. */
export const pastPhases = async (): Promise<PastPhases> => {
  const past = new Map<Phase, number[]>();
  for await (const id of failoverIds())
    for (const { phase, startedAt, endedAt, facts } of await phaseRecords(id))
      if (endedAt && !isSkipped(facts))
        past.set(phase, [...(past.get(phase) ?? []), secondsBetween(new Date(startedAt), new Date(endedAt))]);
  return past;
};

const isSkipped = (facts: PhaseRecord['facts']): boolean => 'rehearsal' in facts || 'skipped' in facts;

async function* failoverIds(): AsyncGenerator<string> {
  const listing = { Bucket: settings().vaultBucket, Prefix: PREFIX, Delimiter: '/' };
  for await (const { CommonPrefixes = [] } of paginateListObjectsV2({ client: s3() }, listing))
    for (const { Prefix = '' } of CommonPrefixes) {
      const id = Prefix.slice(PREFIX.length, -1);
      if (FailoverId.safeParse(id).success && !OTHERS.includes(id)) yield id;
    }
}

type Expectation = Pick<PlannedPhase, 'expectedSeconds' | 'basis' | 'targetSeconds'>;

/** The median of what was measured; else the target, or how long people may take. */
export const expectationOf = (phase: Phase, { targets, approval }: Recovery, past: PastPhases): Expectation => {
  const target: number | undefined = (targets as Partial<Record<Phase, number>>)[phase];
  const of = target === undefined ? {} : { targetSeconds: target };
  if (phase === 'approve' && approval.mode === 'pre-authorised')
    return { ...of, expectedSeconds: 0, basis: 'authorised beforehand: nobody is asked' };
  const measured = past.get(phase) ?? [];
  if (measured.length > 0)
    return { ...of, expectedSeconds: median(measured), basis: `median of ${measured.length} measured` };
  if (phase === 'approve')
    return { ...of, expectedSeconds: approval.deadline, basis: 'the time people have to decide; never measured here' };
  return target === undefined
    ? { ...of, expectedSeconds: 0, basis: 'moments; never measured here' }
    : { ...of, expectedSeconds: target, basis: 'its target; never measured here' };
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] =
    sorted.length % 2 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
};
