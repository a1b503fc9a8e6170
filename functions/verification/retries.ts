// Begins verifications again that could not test, and those that were due and never began.
import { z } from 'zod';
import { startAttempts } from '../../shared/attempts.ts';
import { type Execution, executionsOf, startExecution } from '../../shared/aws/executions.ts';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { Verdict } from '../../shared/catalog/recovery-point.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { lastDue, plainTime, tellMissed, wasInForce } from '../../shared/schedules/missed-runs.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { type Attempt, planRetries, type Retry } from '../../shared/verification/attempts.ts';
import { VerificationsNotBegun } from './errors.ts';

/** What verifies which kind of source. */
const MACHINES = [
  { machine: 'verify-database', kind: 'rds-postgres' },
  { machine: 'verify-redis', kind: 'elasticache-redis' },
  { machine: 'verify-kafka', kind: 'kafka' },
] as const;
/** Longer than all attempts with their pauses, and than a missed run is made up for. */
const LOOK_BACK_MS = 8 * 86_400_000;

/** What is read of an execution's input and output; others may start the machine with more. */
const Input = z.looseObject({
  source: z.string(),
  recoveryPoint: z.string().optional(),
  before: z.string().optional(),
  scheduledAt: z.iso.datetime(),
});
const Output = z.looseObject({
  verdict: Verdict,
  recoveryPoint: z.string().optional(),
  worthRepeating: z.boolean().optional(),
});

export interface Begun {
  /** Executions begun again, and those begun for the first time because their run was missed. */
  again: string[];
  missed: string[];
}

/** @throws {VerificationsNotBegun} after everything was tried, naming what could not be begun and why. */
export const retryVerifications = async (): Promise<Begun> => {
  const begun: Begun = { again: [], missed: [] };
  const { attempt, troubles } = startAttempts();
  const since = new Date(now().getTime() - LOOK_BACK_MS);
  for (const { machine, kind } of MACHINES) {
    const sources = sourcesOfKind(kind);
    if (sources.length === 0) continue;
    const attempts = (await Array.fromAsync(executionsOf(machine, { since }))).flatMap(attemptOf);
    for (const retry of planRetries(attempts, now())) {
      await attempt(retry.name, async () => {
        if (await beginAgain(machine, retry)) begun.again.push(retry.name);
      });
    }
    for (const [source, { schedules }] of sources) {
      await attempt(`missed verify of ${source}`, async () => {
        const name = await beginMissed(machine, source, schedules.verify, attempts);
        if (name) begun.missed.push(name);
      });
    }
  }
  if (troubles.length === 0) return begun;
  throw new VerificationsNotBegun('some verifications could not be begun.', {
    source: 'verification',
    found: troubles,
    next: 'The next run tries again; mend what the messages name.',
  });
};

const attemptOf = ({ name, status, startedAt, stoppedAt, input, output }: Execution): Attempt[] => {
  const asked = Input.safeParse(input).data;
  if (!asked) return [];
  const { source, recoveryPoint, before, scheduledAt } = asked;
  const concluded = Output.safeParse(output).data;
  return [{ name, status, startedAt, stoppedAt, asked: { source, recoveryPoint, before, scheduledAt }, concluded }];
};

const beginAgain = async (machine: string, retry: Retry): Promise<boolean> => {
  const { asked, attempt, name, recoveryPoint } = retry;
  if (await isFoundOut(retry)) return false;
  const begun = await startExecution(machine, name, { ...asked, attempt });
  logger.info('verification begun again', { source: asked.source, recoveryPoint, attempt, execution: name });
  return begun;
};

/** Proven or found bad by another verification meanwhile, or gone: there is nothing left to find out. */
const isFoundOut = async ({ recoveryPoint, since }: Retry): Promise<boolean> => {
  if (!recoveryPoint) return false;
  try {
    const { status, verifications } = await readPoint(recoveryPoint);
    const decided = verifications.some(({ at, verdict }) => new Date(at) >= since && verdict !== 'INCONCLUSIVE');
    return decided || status === 'expired';
  } catch (error) {
    if (error instanceof RecoveryPointMissing) return true;
    throw error;
  }
};

const beginMissed = async (
  machine: string,
  source: string,
  expression: string,
  attempts: readonly Attempt[],
): Promise<string | undefined> => {
  const times = attempts
    .filter(({ asked }) => asked.source === source && !asked.recoveryPoint)
    .map(({ asked }) => new Date(asked.scheduledAt));
  const run = lastDue({ source, schedule: 'verify' }, expression, times);
  if (!run || times.some((time) => time.getTime() === run.scheduledAt.getTime()) || !(await wasInForce(run))) return;
  await tellMissed(run);
  if (run.isSuperseded) return;
  const scheduledAt = plainTime(run.scheduledAt);
  const name = `${source}-${scheduledAt.replace(/[-:]/g, '').toLowerCase()}-missed`;
  await startExecution(machine, name, { source, scheduledAt });
  return name;
};
