import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { Run } from '../execution/frame.ts';
import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { type Integration, request, unknownArguments } from './integration.ts';

const NAMING = { title: 'StepFunctions', other: 'AWSStepFunctionsException' };

const start = async (run: Run, args: Json): Promise<Json> => {
  const { StateMachineArn, Name, Input = {} } = args as JsonObject;
  const { executionArn, startDate } = await request<{ executionArn: string; startDate: Date }>(
    run,
    NAMING,
    ['states', 'StartExecution'],
    {
      stateMachineArn: StateMachineArn,
      ...(Name !== undefined && { name: Name }),
      input: typeof Input === 'string' ? Input : JSON.stringify(Input),
    },
  );
  return { ExecutionArn: executionArn, StartDate: startDate.toISOString() };
};

const collect = async (run: Run, started: Json): Promise<Json> => {
  const { ExecutionArn } = started as { ExecutionArn: string };
  const ended = await request<DescribeExecutionOutput>(run, NAMING, ['states', 'DescribeExecution'], {
    executionArn: ExecutionArn,
  });
  const parsed = (text: string | undefined): Json => (text === undefined ? null : JSON.parse(text));
  const result: JsonObject = {
    ExecutionArn,
    Input: parsed(ended.input),
    Name: ended.name ?? null,
    StartDate: ended.startDate?.toISOString() ?? null,
    StateMachineArn: ended.stateMachineArn ?? null,
    Status: ended.status ?? null,
    StopDate: ended.stopDate?.toISOString() ?? null,
  };
  if (ended.status === 'SUCCEEDED') return { ...result, Output: parsed(ended.output) };
  const failure = { ...result, Error: ended.error ?? null, Cause: ended.cause ?? null };
  throw new StateError('States.TaskFailed', JSON.stringify(failure));
};

/** `arn:aws:states:::states:startExecution`, and `.sync:2`, which waits for the end and returns the output as JSON. */
export const startExecution = (waitsFor: 'request' | 'token' | 'execution'): Integration => ({
  waitsFor,
  resourceType: 'states',
  resource: { request: 'startExecution', token: 'startExecution.waitForTaskToken', execution: 'startExecution.sync:2' }[
    waitsFor
  ],
  faults: (args) => unknownArguments(args, ['StateMachineArn', 'Input', 'Name'], ['StateMachineArn']),
  call: start,
  collect,
});
