// The executions of a region: started once per name, stopped, redriven, and told on the bus.

import { randomUUID } from 'node:crypto';
import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ExecutionNotRedrivable,
  InvalidExecutionInput,
  InvalidName,
} from '@aws-sdk/client-sfn';
import type { Region } from '../../../types.ts';
import type { Json } from '../language/definition.ts';
import { checkSize, Stopped } from '../language/errors.ts';
import type { StateMachine } from '../state-machines.ts';
import { announce } from './announce.ts';
import type { Progress, Run } from './frame.ts';
import { createHistory, type History } from './history.ts';
import { type Ending, runExecution } from './run.ts';
import type { Tokens } from './tokens.ts';

export interface Execution {
  arn: string;
  name: string;
  /** As it was at the start: a redrive runs the same definition. */
  machine: StateMachine;
  status: 'RUNNING' | Ending['status'];
  input: string;
  output?: string;
  error?: string | undefined;
  cause?: string | undefined;
  startDate: Date;
  stopDate?: Date | undefined;
  redriveCount: number;
  redriveDate?: Date;
  history: History;
  progress: Progress;
  stop: AbortController;
  /** Resolves when the current run has ended. */
  done: Promise<void>;
}

export interface Executions {
  start(machine: StateMachine, name: string | undefined, input: string): Execution;
  find(arn: string | undefined): Execution;
  list(machineArn: string): Execution[];
  stop(execution: Execution, error?: string, cause?: string): Promise<void>;
  redrive(execution: Execution): void;
  /** Aborts what still runs. */
  close(): Promise<void>;
}

const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

const parseInput = (text: string): Json => {
  try {
    return checkSize(JSON.parse(text), 'The input');
  } catch (error) {
    throw new InvalidExecutionInput({
      message: `Invalid State Machine Execution Input: '${(error as Error).message}'`,
      $metadata: {},
    });
  }
};

const same = (a: string, b: string): boolean => JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));

export const createExecutions = (region: Region, tokens: Tokens): Executions => {
  const { clock } = region;
  const executions = new Map<string, Execution>();

  const sharedBy = (machine: StateMachine): Omit<Run, 'activity'> => ({
    region,
    machine: { arn: machine.arn, name: machine.name },
    tokens,
    caller: () =>
      region.world.iam.assume(machine.roleArn, 'states.amazonaws.com', {
        actor: machine.name,
        sourceArn: machine.arn,
        sourceAccount: region.account,
      }),
  });

  /** Express executions tell nobody and are not kept: they cannot be described, only logged (guide, "Express Workflows", 2026-11). */
  const isExpress = ({ machine }: Execution): boolean => machine.type === 'EXPRESS';
  const tell = (execution: Execution): void => {
    if (!isExpress(execution)) announce(region, execution);
  };

  const end = (execution: Execution, ending: Ending): void => {
    Object.assign(execution, { status: ending.status, stopDate: clock.now() });
    const lastId = execution.history.events.length;
    if (ending.status === 'SUCCEEDED') {
      execution.output = JSON.stringify(ending.output);
      execution.history.add('ExecutionSucceeded', lastId, { output: execution.output });
    } else {
      Object.assign(execution, { error: ending.error, cause: ending.cause });
      const types = { FAILED: 'ExecutionFailed', TIMED_OUT: 'ExecutionTimedOut', ABORTED: 'ExecutionAborted' } as const;
      execution.history.add(types[ending.status], lastId, { error: ending.error, cause: ending.cause });
    }
    tell(execution);
    if (isExpress(execution)) executions.delete(execution.arn);
  };

  const run = (execution: Execution): void => {
    const { arn, name, machine, history, progress, startDate, redriveCount, redriveDate } = execution;
    tell(execution);
    execution.done = runExecution({
      ...{ clock, name, history, progress, stop: execution.stop },
      definition: machine.definition,
      lastEvent: history.events.length,
      shared: sharedBy(machine),
      context: {
        Execution: {
          Id: arn,
          Input: JSON.parse(execution.input),
          Name: name,
          RoleArn: machine.roleArn,
          StartTime: startDate.toISOString(),
          RedriveCount: redriveCount,
          ...(redriveDate && { RedriveTime: redriveDate.toISOString() }),
        },
        StateMachine: { Id: machine.arn, Name: machine.name },
      },
      ended: (ending) => end(execution, ending),
    });
  };

  /** Stops an execution that reaches the limit of its history. */
  const full = (arn: string) => () => {
    const cause = 'The execution reached the maximum number of history events (25000).';
    executions.get(arn)?.stop.abort(new Stopped('FAILED', 'States.Runtime', cause));
  };

  const stop: Executions['stop'] = async (execution, error, cause) => {
    execution.stop.abort(new Stopped('ABORTED', error, cause));
    await execution.done;
  };

  return {
    stop,
    find(arn = '') {
      const execution = executions.get(arn);
      if (execution && !isExpress(execution)) return execution;
      throw new ExecutionDoesNotExist({ message: `Execution Does Not Exist: '${arn}'`, $metadata: {} });
    },
    list: (machineArn) =>
      [...executions.values()]
        .filter(({ machine }) => machine.arn === machineArn)
        .sort((a, b) => b.startDate.getTime() - a.startDate.getTime()),
    start(machine, name = randomUUID(), input = '{}') {
      if (!NAME.test(name)) throw new InvalidName({ message: `Invalid Name: '${name}'`, $metadata: {} });
      const value = parseInput(input);
      const kind = machine.type === 'EXPRESS' ? ':express:' : ':execution:';
      const arn = `${machine.arn.replace(':stateMachine:', kind)}:${name}`;
      const existing = executions.get(arn);
      if (existing?.status === 'RUNNING' && same(existing.input, input)) return existing;
      if (existing) {
        throw new ExecutionAlreadyExists({ message: `Execution Already Exists: '${arn}'`, $metadata: {} });
      }
      const execution: Execution = {
        ...{ arn, name, machine, status: 'RUNNING', input },
        startDate: clock.now(),
        redriveCount: 0,
        history: createHistory(clock, full(arn)),
        progress: { state: machine.definition.StartAt, input: value, variables: {} },
        stop: new AbortController(),
        done: Promise.resolve(),
      };
      executions.set(arn, execution);
      execution.history.add('ExecutionStarted', 0, { input, roleArn: machine.roleArn });
      run(execution);
      return execution;
    },
    redrive(execution) {
      const { status, history } = execution;
      if (status === 'RUNNING' || status === 'SUCCEEDED') {
        const message = `The execution ${execution.name} is ${status}; only FAILED, TIMED_OUT and ABORTED ones can be redriven.`;
        throw new ExecutionNotRedrivable({ message, $metadata: {} });
      }
      execution.redriveCount += 1;
      execution.redriveDate = clock.now();
      execution.status = 'RUNNING';
      execution.stop = new AbortController();
      for (const field of ['error', 'cause', 'stopDate'] as const) execution[field] = undefined;
      history.add('ExecutionRedriven', history.events.length, { redriveCount: execution.redriveCount });
      run(execution);
    },
    async close() {
      const running = [...executions.values()].filter(({ status }) => status === 'RUNNING');
      await Promise.all(running.map((execution) => stop(execution)));
    },
  };
};
