import { createHash } from 'node:crypto';
import type { Target } from '@aws-sdk/client-scheduler';
import type { Caller, Region } from '../../types.ts';
import { sendToTarget } from '../eventbridge/targets.ts';
import { invalid } from './expression.ts';

export interface Occasion {
  scheduledAt: Date;
  /** The same for every attempt of one occasion. */
  executionId: string;
  attempt: number;
  scheduleArn: string;
}

export const executionIdOf = (scheduleArn: string, scheduledAt: Date): string =>
  createHash('sha256').update(`${scheduleArn} ${scheduledAt.toISOString()}`).digest('hex').slice(0, 16);

/** @throws ValidationException for targets that cannot be reached from here. */
export const checkTarget = ({ Arn = '', RoleArn }: Target): void => {
  if (!RoleArn) throw invalid('Target.RoleArn is needed.');
  if (!/^arn:aws:(lambda|states|sns):/.test(Arn)) throw invalid(`Provided Arn is not in correct format: ${Arn}`);
};

/** Runs the target of a schedule once. */
export const runTarget = (region: Region, target: Target, occasion: Occasion, caller: Caller): Promise<void> =>
  sendToTarget(region, { arn: target.Arn ?? '', payload: inputOf(region, target, occasion), caller });

const plain = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/** The input with the context attributes filled in (Scheduler user guide, "Adding context attributes", 2026-11). */
const inputOf = (
  region: Region,
  { Input }: Target,
  { scheduledAt, executionId, attempt, scheduleArn }: Occasion,
): string => {
  if (Input === undefined) {
    return JSON.stringify({
      ...{ version: '0', id: executionId, 'detail-type': 'Scheduled Event', source: 'aws.scheduler' },
      ...{
        account: region.account,
        time: plain(scheduledAt),
        region: region.name,
        resources: [scheduleArn],
        detail: '{}',
      },
    });
  }
  return Input.replaceAll('<aws.scheduler.scheduled-time>', plain(scheduledAt))
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', String(attempt))
    .replaceAll('<aws.scheduler.schedule-arn>', scheduleArn);
};
