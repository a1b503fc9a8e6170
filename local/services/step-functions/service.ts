// Step Functions of the local region: JSONata machines, interpreted as AWS documents the language.

import * as sdk from '@aws-sdk/client-sfn';
import type { Check, Region, Service } from '../../types.ts';
import { redriveStatus } from './execution/announce.ts';
import { createExecutions, type Execution } from './execution/executions.ts';
import { createTokens, type Tokens } from './execution/tokens.ts';
import type { Json } from './language/definition.ts';
import { checkSize, StateError } from './language/errors.ts';
import { createStateMachines, type StateMachine } from './state-machines.ts';

const describeMachine = (machine: StateMachine): sdk.DescribeStateMachineOutput => ({
  stateMachineArn: machine.arn,
  name: machine.name,
  status: 'ACTIVE',
  definition: machine.text,
  roleArn: machine.roleArn,
  type: machine.type,
  creationDate: machine.created,
});

const listItem = (execution: Execution): sdk.ExecutionListItem => ({
  executionArn: execution.arn,
  stateMachineArn: execution.machine.arn,
  name: execution.name,
  status: execution.status,
  startDate: execution.startDate,
  redriveCount: execution.redriveCount,
  ...(execution.stopDate && { stopDate: execution.stopDate }),
  ...(execution.redriveDate && { redriveDate: execution.redriveDate }),
});

const describeExecution = (execution: Execution): sdk.DescribeExecutionOutput => ({
  ...listItem(execution),
  executionArn: execution.arn,
  stateMachineArn: execution.machine.arn,
  status: execution.status,
  startDate: execution.startDate,
  input: execution.input,
  inputDetails: { included: true },
  ...(execution.output !== undefined && { output: execution.output, outputDetails: { included: true } }),
  ...(execution.error !== undefined && { error: execution.error }),
  ...(execution.cause !== undefined && { cause: execution.cause }),
  redriveStatus: redriveStatus(execution),
});

/** A page of a list; tokens are positions. */
const page = <T>(items: T[], token: string | undefined, size = 100): { items: T[]; nextToken?: string } => {
  const start = Number(token ?? 0);
  if (!Number.isInteger(start)) throw new sdk.InvalidToken({ message: `Invalid Token: '${token}'`, $metadata: {} });
  const end = start + (size || 100);
  return { items: items.slice(start, end), ...(end < items.length && { nextToken: String(end) }) };
};

const parseOutput = (text = ''): Json => {
  try {
    return checkSize(JSON.parse(text), 'The output');
  } catch (error) {
    throw new sdk.InvalidOutput({ message: `Invalid Output: '${(error as Error).message}'`, $metadata: {} });
  }
};

export const createStepFunctions = (region: Region): Service => {
  const machines = createStateMachines(region);
  const tokens = createTokens();
  const executions = createExecutions(region, tokens);

  const operations = {
    CreateStateMachine: async (input: sdk.CreateStateMachineInput): Promise<sdk.CreateStateMachineOutput> => {
      const { arn, created } = machines.create(input);
      return { stateMachineArn: arn, creationDate: created };
    },
    DescribeStateMachine: async (input: sdk.DescribeStateMachineInput) =>
      describeMachine(machines.find(input.stateMachineArn)),
    ListStateMachines: async (input: sdk.ListStateMachinesInput): Promise<sdk.ListStateMachinesOutput> => {
      const { items, ...next } = page(machines.list(), input.nextToken, input.maxResults);
      return {
        stateMachines: items.map(({ arn, name, type, created }) => ({
          ...{ stateMachineArn: arn, name, type, creationDate: created },
        })),
        ...next,
      };
    },
    StartExecution: async (input: sdk.StartExecutionInput): Promise<sdk.StartExecutionOutput> => {
      const { arn, startDate } = executions.start(
        machines.find(input.stateMachineArn),
        input.name,
        input.input ?? '{}',
      );
      return { executionArn: arn, startDate };
    },
    DescribeExecution: async (input: sdk.DescribeExecutionInput) =>
      describeExecution(executions.find(input.executionArn)),
    ListExecutions: async (input: sdk.ListExecutionsInput): Promise<sdk.ListExecutionsOutput> => {
      const { arn } = machines.find(input.stateMachineArn);
      const { statusFilter } = input;
      const found = executions.list(arn).filter(({ status }) => statusFilter === undefined || status === statusFilter);
      const { items, ...next } = page(found, input.nextToken, input.maxResults);
      return { executions: items.map(listItem), ...next };
    },
    GetExecutionHistory: async (input: sdk.GetExecutionHistoryInput): Promise<sdk.GetExecutionHistoryOutput> => {
      const { events } = executions.find(input.executionArn).history;
      const { items, ...next } = page(
        input.reverseOrder ? events.toReversed() : events,
        input.nextToken,
        input.maxResults,
      );
      return { events: items, ...next };
    },
    StopExecution: async (input: sdk.StopExecutionInput): Promise<sdk.StopExecutionOutput> => {
      const execution = executions.find(input.executionArn);
      if (execution.status === 'RUNNING') await executions.stop(execution, input.error, input.cause);
      return { stopDate: execution.stopDate };
    },
    RedriveExecution: async (input: sdk.RedriveExecutionInput): Promise<sdk.RedriveExecutionOutput> => {
      const execution = executions.find(input.executionArn);
      executions.redrive(execution);
      return { redriveDate: execution.redriveDate };
    },
    SendTaskSuccess: async (input: sdk.SendTaskSuccessInput): Promise<sdk.SendTaskSuccessOutput> => {
      const holder = tokens.holder(input.taskToken ?? '');
      const output = parseOutput(input.output);
      tokens.close(input.taskToken ?? '');
      holder.succeed(output);
      return {};
    },
    SendTaskFailure: async (input: sdk.SendTaskFailureInput): Promise<sdk.SendTaskFailureOutput> => {
      const holder = tokens.holder(input.taskToken ?? '');
      tokens.close(input.taskToken ?? '');
      holder.fail(new StateError(input.error ?? '', input.cause ?? ''));
      return {};
    },
  };

  return {
    signingName: 'states',
    iamPrefix: 'states',
    sdk,
    clientName: 'SFNClient',
    operations,
    authorize: (operation, input) => checksOf(region, tokens, operation, input),
    close: executions.close,
  };
};

/** Resource types as in the service authorization reference of Step Functions, 2026-11. */
const checksOf = (region: Region, tokens: Tokens, operation: string, input: unknown): Check[] => {
  const { stateMachineArn, executionArn, name, roleArn, taskToken = '' } = input as Record<string, string | undefined>;
  const created = `arn:aws:states:${region.name}:${region.account}:stateMachine:${name}`;
  const resource =
    operation === 'CreateStateMachine'
      ? created
      : (executionArn ?? stateMachineArn ?? tokens.machineOf(taskToken) ?? '*');
  const pass: Check[] = roleArn
    ? [{ action: 'iam:PassRole', resource: roleArn, context: { 'iam:PassedToService': 'states.amazonaws.com' } }]
    : [];
  return [{ action: `states:${operation}`, resource }, ...pass];
};
