import { z } from 'zod';
import { tags, text } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const stateMachine = resourceType(
  z.strictObject({
    StateMachineName: text,
    StateMachineType: z.enum(['STANDARD', 'EXPRESS']).optional(),
    DefinitionString: text,
    RoleArn: text,
    Tags: tags.optional(),
  }),
  async ({ StateMachineName: name, StateMachineType, DefinitionString, RoleArn, Tags }, { call }) => {
    const { stateMachineArn } = await call<{ stateMachineArn: string }>('states', 'CreateStateMachine', {
      name,
      roleArn: RoleArn,
      definition: DefinitionString,
      ...(StateMachineType && { type: StateMachineType }),
      ...(Tags && { tags: Tags.map(({ Key, Value }) => ({ key: Key, value: Value })) }),
    });
    const undo = () => call('states', 'DeleteStateMachine', { stateMachineArn });
    return { ref: stateMachineArn, arn: stateMachineArn, attributes: { Name: name }, undo };
  },
);
