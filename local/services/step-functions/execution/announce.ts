import type { Region } from '../../../types.ts';
import type { Execution } from './executions.ts';

/** Tells a change of status on the bus (Step Functions guide, EventBridge events, 2026-11). Times are epoch milliseconds. */
export const announce = (region: Region, execution: Execution): void =>
  region.emit({
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [execution.arn],
    detail: {
      executionArn: execution.arn,
      stateMachineArn: execution.machine.arn,
      name: execution.name,
      status: execution.status,
      startDate: execution.startDate.getTime(),
      stopDate: execution.stopDate?.getTime() ?? null,
      input: execution.input,
      inputDetails: { included: true },
      output: execution.output ?? null,
      outputDetails: execution.output === undefined ? null : { included: true },
      error: execution.error ?? null,
      cause: execution.cause ?? null,
      stateMachineVersionArn: null,
      stateMachineAliasArn: null,
      redriveCount: execution.redriveCount,
      redriveDate: execution.redriveDate?.getTime() ?? null,
      redriveStatus: redriveStatus(execution),
      redriveStatusReason: null,
    },
  });

export const redriveStatus = ({ status }: Execution): 'REDRIVABLE' | 'NOT_REDRIVABLE' =>
  status === 'RUNNING' || status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE';
