// Step Functions in memory behind the client: executions by name, listed newest first, started once per name.
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  type ExecutionStatus,
  ListExecutionsCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';

export interface FakeExecution {
  /** The machine, as `backup-database`. */
  machine: string;
  name: string;
  status: ExecutionStatus;
  startDate: Date;
  stopDate?: Date;
  input: object;
  output?: object;
}

export interface StepFunctions {
  executions: FakeExecution[];
  /** Executions that were started by calls, as `<machine> <name>`. */
  started: string[];
  /** Runs before an operation; throws to refuse it. */
  before: (operation: 'list' | 'describe' | 'start') => void;
}

const PREFIX = 'lifeboat-shop-test-';
const machineOf = (arn = ''): string => arn.split(`stateMachine:${PREFIX}`)[1] ?? `no machine of this service: ${arn}`;

export const stepFunctions = (now: () => Date): StepFunctions => {
  const fake: StepFunctions = { executions: [], started: [], before: () => undefined };
  const stub = mockClient(SFNClient);
  const arnOf = ({ machine, name }: FakeExecution): string => `arn:aws:states:::execution:${PREFIX}${machine}:${name}`;
  stub.on(ListExecutionsCommand).callsFake(({ stateMachineArn, statusFilter, nextToken = '0' }) => {
    fake.before('list');
    const found = fake.executions
      .filter(({ machine, status }) => machine === machineOf(stateMachineArn) && status === (statusFilter ?? status))
      .toSorted((a, b) => b.startDate.getTime() - a.startDate.getTime());
    // Pages of one, so that whoever does not turn them sees little.
    const at = Number(nextToken);
    return {
      executions: found
        .slice(at, at + 1)
        .map((each) => ({ executionArn: arnOf(each), startDate: each.startDate, status: each.status })),
      ...(at + 1 < found.length ? { nextToken: String(at + 1) } : {}),
    };
  });
  stub.on(DescribeExecutionCommand).callsFake(({ executionArn }) => {
    fake.before('describe');
    const found = fake.executions.find((each) => arnOf(each) === executionArn);
    if (!found) throw new ExecutionDoesNotExist({ message: `no execution ${executionArn}`, $metadata: {} });
    const { input, output, ...execution } = found;
    return {
      ...execution,
      input: JSON.stringify(input),
      ...(output ? { output: JSON.stringify(output) } : {}),
    };
  });
  stub.on(StartExecutionCommand).callsFake(({ stateMachineArn, name = '', input = '{}' }) => {
    fake.before('start');
    const machine = machineOf(stateMachineArn);
    const standing = fake.executions.find((each) => each.machine === machine && each.name === name);
    // The same name with the same input while it runs is the same execution (StartExecution API reference).
    if (standing && (standing.status !== 'RUNNING' || JSON.stringify(standing.input) !== input))
      throw new ExecutionAlreadyExists({ message: name, $metadata: {} });
    if (!standing) {
      fake.executions.push({ machine, name, status: 'RUNNING', startDate: now(), input: JSON.parse(input) });
      fake.started.push(`${machine} ${name}`);
    }
    return { executionArn: `arn:aws:states:::execution:${PREFIX}${machine}:${name}`, startDate: now() };
  });
  return fake;
};
