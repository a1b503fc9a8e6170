import { z } from 'zod';
import { flag, json, tags, text } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const stateMachine = resourceType(
  z
    .strictObject({
      StateMachineName: text.optional(),
      StateMachineType: z.enum(['STANDARD', 'EXPRESS']).optional(),
      DefinitionString: text.optional(),
      Definition: json.optional(),
      RoleArn: text,
      LoggingConfiguration: z
        .strictObject({
          Level: text.optional(),
          IncludeExecutionData: flag.optional(),
          Destinations: z
            .array(z.strictObject({ CloudWatchLogsLogGroup: z.strictObject({ LogGroupArn: text }) }))
            .optional(),
        })
        .optional(),
      TracingConfiguration: z.strictObject({ Enabled: flag }).optional(),
      Tags: tags.optional(),
    })
    .refine((properties) => !properties.DefinitionString !== !properties.Definition, {
      error: 'exactly one of DefinitionString and Definition is expected',
    }),
  async (properties, { call, madeUpName }) => {
    const name = properties.StateMachineName ?? madeUpName(80);
    const { LoggingConfiguration: logging, TracingConfiguration: tracing, Tags } = properties;
    const { stateMachineArn } = await call<{ stateMachineArn: string }>('states', 'CreateStateMachine', {
      name,
      roleArn: properties.RoleArn,
      definition: properties.DefinitionString ?? JSON.stringify(properties.Definition),
      ...(properties.StateMachineType && { type: properties.StateMachineType }),
      ...(logging && {
        loggingConfiguration: {
          level: logging.Level,
          includeExecutionData: logging.IncludeExecutionData,
          destinations: logging.Destinations?.map(({ CloudWatchLogsLogGroup }) => ({
            cloudWatchLogsLogGroup: { logGroupArn: CloudWatchLogsLogGroup.LogGroupArn },
          })),
        },
      }),
      ...(tracing && { tracingConfiguration: { enabled: tracing.Enabled } }),
      ...(Tags && { tags: Tags.map(({ Key, Value }) => ({ key: Key, value: Value })) }),
    });
    const undo = () => call('states', 'DeleteStateMachine', { stateMachineArn });
    return { ref: stateMachineArn, arn: stateMachineArn, attributes: { Name: name }, undo };
  },
);
