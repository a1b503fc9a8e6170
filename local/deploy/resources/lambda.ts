import { z } from 'zod';
import { flag, number, tagMap, tags, text, texts } from './properties.ts';
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
    EphemeralStorage: z.strictObject({ Size: number }).optional(),
    VpcConfig: z.strictObject({ SubnetIds: texts, SecurityGroupIds: texts }).optional(),
    TracingConfig: z.strictObject({ Mode: text }).optional(),
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

export const eventInvokeConfig = resourceType(
  z.strictObject({
    FunctionName: text,
    Qualifier: text,
    MaximumEventAgeInSeconds: number.optional(),
    MaximumRetryAttempts: number.optional(),
    DestinationConfig: z
      .strictObject({
        OnFailure: z.strictObject({ Destination: text }).optional(),
        OnSuccess: z.strictObject({ Destination: text }).optional(),
      })
      .optional(),
  }),
  async (properties, { call, madeUpName }) => {
    await call('lambda', 'PutFunctionEventInvokeConfig', properties);
    return { ref: madeUpName() };
  },
);

/** Locally a function has its newest code only: the version names that, and Lambda is not asked for it. */
export const version = resourceType(
  z.strictObject({ FunctionName: text, CodeSha256: text.optional(), Description: text.optional() }),
  async ({ FunctionName }, { region }) => {
    const name = FunctionName.split(':').at(-1);
    const arn = `arn:aws:lambda:${region.name}:${region.account}:function:${name}:1`;
    return { ref: arn, attributes: { Version: '1' } };
  },
);

/** Functions write their logs where the local region keeps them; what the group says about them has no effect. */
export const logGroup = resourceType(
  z.strictObject({
    LogGroupName: text.optional(),
    RetentionInDays: number.optional(),
    KmsKeyId: text.optional(),
    DeletionProtectionEnabled: flag.optional(),
    Tags: tags.optional(),
  }),
  async ({ LogGroupName }, { region, madeUpName }) => {
    const name = LogGroupName ?? madeUpName(512);
    return { ref: name, arn: `arn:aws:logs:${region.name}:${region.account}:log-group:${name}:*` };
  },
);
