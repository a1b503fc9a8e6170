import { KMSAccessDeniedException, KMSDisabledException } from '@aws-sdk/client-sns';
import type { Caller, Region } from '../../types.ts';
import type { Topic } from './topics.ts';

/**
 * Encrypts as SNS does before it stores a message: the publisher itself needs kms:GenerateDataKey and kms:Decrypt on the
 * topic's key, by the key policy for services, by its own policy for roles (SNS developer guide, "Key management", 2026-11).
 */
export const encryptFor = async (region: Region, topic: Topic, publisher: Caller): Promise<void> => {
  const KeyId = topic.attributes.KmsMasterKeyId;
  if (!KeyId) return;
  const caller: Caller = publisher.roleArn ? { ...publisher, service: 'sns.amazonaws.com' } : publisher;
  const EncryptionContext = { 'aws:sns:topicArn': topic.arn };
  try {
    const { CiphertextBlob } = await region.call<{ CiphertextBlob: Uint8Array }>(
      'kms',
      'GenerateDataKey',
      { KeyId, KeySpec: 'AES_256', EncryptionContext },
      caller,
    );
    await region.call('kms', 'Decrypt', { KeyId, CiphertextBlob, EncryptionContext }, caller);
  } catch (cause) {
    throw asSnsError(cause, topic);
  }
};

/** SNS answers with exceptions of its own for what KMS refused. */
const asSnsError = (cause: unknown, topic: Topic): unknown => {
  if (!(cause instanceof Error)) return cause;
  const code = 'code' in cause ? String(cause.code) : cause.name;
  const message = `${cause.message} (key of ${topic.arn})`;
  if (/^AccessDenied/.test(code)) return new KMSAccessDeniedException({ message, $metadata: {} });
  if (/^Disabled/.test(code)) return new KMSDisabledException({ message, $metadata: {} });
  return cause;
};
