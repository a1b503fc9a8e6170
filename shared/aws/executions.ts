// Executions of our own machines, as Step Functions remembers them: 90 days long (Step Functions guide, quotas, 2026-11).
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  ListExecutionsCommand,
  type ListExecutionsCommandOutput,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { settings } from '../config/settings.ts';
import { sfn } from './clients.ts';

export interface Execution {
  name: string;
  status: ExecutionStatus;
  startedAt: Date;
  stoppedAt: Date | undefined;
  /** Parsed; undefined where there is none yet. */
  input: unknown;
  output: unknown;
  /** What it failed with: a name, and what the state that failed says. */
  failure: { error: string; cause: string } | undefined;
}

/** `backup-database` → the ARN of this deployment's machine. */
const machineArn = (machine: string): string => {
  const { account, region, service } = settings();
  return `arn:aws:states:${region}:${account}:stateMachine:${service}-${machine}`;
};

/** Begins an execution under a name of ours: once, however often it is asked for. False where it began before. */
export const startExecution = async (machine: string, name: string, input: object): Promise<boolean> => {
  try {
    await sfn().send(
      new StartExecutionCommand({ stateMachineArn: machineArn(machine), name, input: JSON.stringify(input) }),
    );
    return true;
  } catch (error) {
    if (error instanceof ExecutionAlreadyExists) return false;
    throw error;
  }
};

/** Executions of a machine that began at `since` or later, newest first; only those of one status where it is given. */
export async function* executionsOf(
  machine: string,
  { since, status }: { since: Date; status?: ExecutionStatus },
): AsyncGenerator<Execution> {
  let nextToken: string | undefined;
  do {
    // Sorted by time, the newest first (ListExecutions API reference, 2026-11).
    const page: ListExecutionsCommandOutput = await sfn().send(
      new ListExecutionsCommand({ stateMachineArn: machineArn(machine), statusFilter: status, nextToken }),
    );
    for (const { executionArn, startDate } of page.executions ?? []) {
      if (startDate && startDate < since) return;
      yield await describe(executionArn ?? '');
    }
    nextToken = page.nextToken;
  } while (nextToken);
}

/** @param name its name, or its ARN. One of another region is none of ours: nobody here could ask for it. */
export const findExecution = async (machine: string, name: string): Promise<Execution | undefined> => {
  const own = machineArn(machine).replace(':stateMachine:', ':execution:');
  if (name.startsWith('arn:') && name.split(':')[3] !== settings().region) return undefined;
  try {
    return await describe(name.startsWith('arn:') ? name : `${own}:${name}`);
  } catch (error) {
    if (error instanceof ExecutionDoesNotExist) return undefined;
    throw error;
  }
};

/** Whether an execution of a machine still works. @param name its name, or its ARN */
export const isExecutionRunning = async (machine: string, name: string): Promise<boolean> => {
  const status = (await findExecution(machine, name))?.status;
  return status === 'RUNNING' || status === 'PENDING_REDRIVE';
};

const describe = async (executionArn: string): Promise<Execution> => {
  const {
    name = '',
    status,
    startDate,
    stopDate,
    input,
    output,
    error,
    cause,
  } = await sfn().send(new DescribeExecutionCommand({ executionArn }));
  return {
    name,
    status: status ?? 'RUNNING',
    startedAt: startDate ?? new Date(0),
    stoppedAt: stopDate,
    input: input === undefined ? undefined : JSON.parse(input),
    output: output === undefined ? undefined : JSON.parse(output),
    failure: error === undefined ? undefined : { error, cause: cause ?? '' },
  };
};
