// The state machines of a region.

import {
  type CreateStateMachineInput,
  InvalidName,
  MissingRequiredParameter,
  StateMachineAlreadyExists,
  StateMachineDoesNotExist,
  type StateMachineType,
} from '@aws-sdk/client-sfn';
import type { Region } from '../../types.ts';
import type { Definition } from './language/definition.ts';
import { parseDefinition } from './language/parse.ts';
import { taskCheck } from './tasks/resources.ts';

export interface StateMachine {
  arn: string;
  name: string;
  type: StateMachineType;
  roleArn: string;
  text: string;
  definition: Definition;
  created: Date;
}

export interface StateMachines {
  create(input: CreateStateMachineInput): StateMachine;
  find(arn: string | undefined): StateMachine;
  list(): StateMachine[];
}

const NAME = /^[\w-]{1,80}$/;

export const createStateMachines = (region: Region): StateMachines => {
  const machines = new Map<string, StateMachine>();
  const find: StateMachines['find'] = (arn = '') => {
    const machine = machines.get(arn);
    if (machine) return machine;
    throw new StateMachineDoesNotExist({ message: `State Machine Does Not Exist: '${arn}'`, $metadata: {} });
  };
  const parse = (text: string) => parseDefinition(text, taskCheck(region));
  /** AWS looks at the trust policy when the machine is made, not only when it runs. @throws ApiError AccessDenied. */
  const proveRole = (roleArn: string, name: string, arn: string): void => {
    const source = { sourceArn: arn, sourceAccount: region.account };
    region.world.iam.assume(roleArn, 'states.amazonaws.com', { actor: name, ...source });
  };
  return {
    find,
    list: () => [...machines.values()].sort((a, b) => a.name.localeCompare(b.name)),
    create({ name = '', definition: text = '', roleArn = '', type = 'STANDARD' }) {
      if (!NAME.test(name)) throw new InvalidName({ message: `Invalid Name: '${name}'`, $metadata: {} });
      if (!roleArn) throw new MissingRequiredParameter({ message: `${name}: roleArn is missing.`, $metadata: {} });
      const arn = `arn:aws:states:${region.name}:${region.account}:stateMachine:${name}`;
      const existing = machines.get(arn);
      if (existing && (existing.text !== text || existing.roleArn !== roleArn)) {
        throw new StateMachineAlreadyExists({ message: `State Machine Already Exists: '${arn}'`, $metadata: {} });
      }
      if (existing) return existing;
      const definition = parse(text);
      proveRole(roleArn, name, arn);
      const machine: StateMachine = {
        ...{ arn, name, type, roleArn, text, definition },
        created: region.clock.now(),
      };
      machines.set(arn, machine);
      return machine;
    },
  };
};
