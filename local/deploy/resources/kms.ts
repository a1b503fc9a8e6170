import { z } from 'zod';
import { flag, policyDocument, text } from './properties.ts';
import { type Creation, resourceType } from './resource-type.ts';

interface Metadata {
  KeyId: string;
  Arn: string;
}

const created = ({ KeyId, Arn }: Metadata, { call }: Creation) => ({
  ref: KeyId,
  arn: Arn,
  attributes: { KeyId },
  undo: () => call('kms', 'ScheduleKeyDeletion', { KeyId, PendingWindowInDays: 7 }),
});

export const key = resourceType(
  z.strictObject({
    Description: text.optional(),
    KeyPolicy: policyDocument.optional(),
    MultiRegion: flag.optional(),
    EnableKeyRotation: flag.optional(),
  }),
  async (properties, creation) => {
    const { KeyMetadata } = await creation.call<{ KeyMetadata: Metadata }>('kms', 'CreateKey', {
      ...(properties.Description !== undefined && { Description: properties.Description }),
      ...(properties.MultiRegion !== undefined && { MultiRegion: properties.MultiRegion }),
      ...(properties.KeyPolicy && { Policy: JSON.stringify(properties.KeyPolicy) }),
    });
    const { KeyId } = KeyMetadata;
    if (properties.EnableKeyRotation) await creation.call('kms', 'EnableKeyRotation', { KeyId });
    return created(KeyMetadata, creation);
  },
);

export const replicaKey = resourceType(
  z.strictObject({
    PrimaryKeyArn: text,
    KeyPolicy: policyDocument,
    Description: text.optional(),
  }),
  async (properties, creation) => {
    // CloudFormation asks the primary key's region for the replica, as ReplicateKey demands.
    const [, , , primaryRegion = ''] = properties.PrimaryKeyArn.split(':');
    const input = {
      KeyId: properties.PrimaryKeyArn,
      ReplicaRegion: creation.region.name,
      Policy: JSON.stringify(properties.KeyPolicy),
      ...(properties.Description !== undefined && { Description: properties.Description }),
    };
    const { ReplicaKeyMetadata } = await creation.call<{ ReplicaKeyMetadata: Metadata }>(
      'kms',
      'ReplicateKey',
      input,
      primaryRegion,
    );
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
