import { z } from 'zod';
import { number, tagMap, tags, text, texts } from './properties.ts';
import { resourceType } from './resource-type.ts';

export const lambdaFunction = resourceType(
  z.strictObject({
    FunctionName: text.max(64).optional(),
    Description: text.optional(),
    Code: z.strictObject({ S3Bucket: text, S3Key: text }),
    Handler: text,
    Runtime: text,
    Role: text,
    Architectures: texts.optional(),
    MemorySize: number.optional(),
    Timeout: number.optional(),
    Environment: z.strictObject({ Variables: z.record(z.string(), text) }).optional(),
    VpcConfig: z.strictObject({ SubnetIds: texts, SecurityGroupIds: texts }).optional(),
    ReservedConcurrentExecutions: number.optional(),
    Tags: tags.optional(),
  }),
  async ({ Code, Tags, ReservedConcurrentExecutions, ...properties }, { call, archive, madeUpName }) => {
    const FunctionName = properties.FunctionName ?? madeUpName();
    const { FunctionArn } = await call<{ FunctionArn: string }>('lambda', 'CreateFunction', {
      ...properties,
      FunctionName,
      Code: { ZipFile: await archive(Code.S3Key) },
      ...(Tags && { Tags: tagMap(Tags) }),
    });
    if (ReservedConcurrentExecutions !== undefined)
      await call('lambda', 'PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions });
    const undo = () => call('lambda', 'DeleteFunction', { FunctionName });
    return { ref: FunctionName, arn: FunctionArn, undo };
  },
);

export const permission = resourceType(
  z.strictObject({
    Action: text,
    FunctionName: text,
    Principal: text,
    SourceArn: text.optional(),
    SourceAccount: text.optional(),
  }),
  async (properties, { call, madeUpName }) => {
    const StatementId = madeUpName(100);
    await call('lambda', 'AddPermission', { ...properties, StatementId });
    return { ref: StatementId };
  },
);

/** Functions write their logs where the local region keeps them; what the group says about them has no effect. */
export const logGroup = resourceType(
  z.strictObject({ LogGroupName: text, RetentionInDays: number.optional() }),
  async ({ LogGroupName: name }, { region }) => ({
    ref: name,
    arn: `arn:aws:logs:${region.name}:${region.account}:log-group:${name}:*`,
  }),
);
