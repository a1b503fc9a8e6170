import { z } from 'zod';
import { flag, number, policyDocument, tags, text } from './properties.ts';
import { type Creation, resourceType } from './resource-type.ts';

interface Metadata {
  KeyId: string;
  Arn: string;
}

const tagsOf = (list: z.output<typeof tags> | undefined) =>
  list && { Tags: list.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value })) };

const created = ({ KeyId, Arn }: Metadata, { call }: Creation) => ({
  ref: KeyId,
  arn: Arn,
  attributes: { KeyId },
  undo: () => call('kms', 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 }),
});

const disable = async ({ call }: Creation, enabled: boolean | undefined, KeyId: string): Promise<void> => {
  if (enabled === false) await call('kms', 'DisableKey', { KeyId });
};

export const key = resourceType(
  z.strictObject({
    Description: text.optional(),
    KeyPolicy: policyDocument.optional(),
    MultiRegion: flag.optional(),
    EnableKeyRotation: flag.optional(),
    RotationPeriodInDays: number.optional(),
    Enabled: flag.optional(),
    /** Where the stack's own deletion leads; a local stack is not deleted. */
    PendingWindowInDays: number.optional(),
    Tags: tags.optional(),
  }),
  async (properties, creation) => {
    const { KeyMetadata } = await creation.call<{ KeyMetadata: Metadata }>('kms', 'CreateKey', {
      ...(properties.Description !== undefined && { Description: properties.Description }),
      ...(properties.MultiRegion !== undefined && { MultiRegion: properties.MultiRegion }),
      ...(properties.KeyPolicy && { Policy: JSON.stringify(properties.KeyPolicy) }),
      ...tagsOf(properties.Tags),
    });
    const { KeyId } = KeyMetadata;
    const period = properties.RotationPeriodInDays;
    if (properties.EnableKeyRotation)
      await creation.call('kms', 'EnableKeyRotation', { KeyId, ...(period && { RotationPeriodInDays: period }) });
    await disable(creation, properties.Enabled, KeyId);
    return created(KeyMetadata, creation);
  },
);

export const replicaKey = resourceType(
  z.strictObject({
    PrimaryKeyArn: text,
    KeyPolicy: policyDocument,
    Description: text.optional(),
    Enabled: flag.optional(),
    PendingWindowInDays: number.optional(),
    Tags: tags.optional(),
  }),
  async (properties, creation) => {
    // CloudFormation asks the primary key's region for the replica, as ReplicateKey demands.
    const [, , , primaryRegion = ''] = properties.PrimaryKeyArn.split(':');
    const input = {
      KeyId: properties.PrimaryKeyArn,
      ReplicaRegion: creation.region.name,
      Policy: JSON.stringify(properties.KeyPolicy),
      ...(properties.Description !== undefined && { Description: properties.Description }),
      ...tagsOf(properties.Tags),
    };
    const { ReplicaKeyMetadata } = await creation.call<{ ReplicaKeyMetadata: Metadata }>(
      'kms',
      'ReplicateKey',
      input,
      primaryRegion,
    );
    await disable(creation, properties.Enabled, ReplicaKeyMetadata.KeyId);
    return created(ReplicaKeyMetadata, creation);
  },
);

export const alias = resourceType(
  z.strictObject({ AliasName: text.startsWith('alias/'), TargetKeyId: text }),
  async (properties, { call }) => {
    await call('kms', 'CreateAlias', properties);
    const { AliasName } = properties;
    return { ref: AliasName, undo: () => call('kms', 'DeleteAlias', { AliasName }) };
  },
);
