import { KMSServiceException } from '@aws-sdk/client-kms';
import { ApiError } from '../../service.ts';
import type { CallContext, Caller, Region } from '../../types.ts';
import { type Bucket, bucketArn, type Encryption, objectArn } from './bucket.ts';
import { invalidArgument } from './errors.ts';

export interface EncryptionRequest {
  ServerSideEncryption?: string | undefined;
  SSEKMSKeyId?: string | undefined;
  BucketKeyEnabled?: boolean | undefined;
  SSECustomerAlgorithm?: string | undefined;
}

/** How a new object is encrypted: as the request says, else as the bucket does by default. */
export const encryptionFor = (bucket: Bucket, request: EncryptionRequest): Encryption => {
  if (request.SSECustomerAlgorithm)
    throw new ApiError('NotImplemented', 501, 'SSE-C is not offered here; use aws:kms.');
  const [rule] = bucket.settings.encryption.Rules ?? [];
  const preset = rule?.ApplyServerSideEncryptionByDefault;
  const asked = request.ServerSideEncryption ?? preset?.SSEAlgorithm ?? 'AES256';
  if (asked === 'AES256') {
    if (request.SSEKMSKeyId) throw invalidArgument('A KMS key id is given, but server-side encryption is not aws:kms.');
    return { ServerSideEncryption: 'AES256' };
  }
  if (asked !== 'aws:kms') throw invalidArgument(`The encryption method specified is not supported: ${asked}`);
  const key = request.ServerSideEncryption ? request.SSEKMSKeyId : preset?.KMSMasterKeyID;
  return {
    ServerSideEncryption: asked,
    SSEKMSKeyId: key ?? AWS_MANAGED_KEY,
    BucketKeyEnabled: request.BucketKeyEnabled ?? rule?.BucketKeyEnabled ?? false,
  };
};

/** The key that stands behind `aws:kms` without a key id. AWS grants its use with that of S3; so no call is made for it here. */
const AWS_MANAGED_KEY = 'alias/aws/s3';

/** Has KMS make the data key of a new object, with the permissions of whoever writes it. */
export const seal = async (
  { region, caller }: Pick<CallContext, 'region' | 'caller'>,
  bucket: string,
  key: string,
  encryption: Encryption,
): Promise<Encryption> => {
  if (!hasCustomerManagedKey(encryption)) return encryption;
  const answer = await callKms<{ CiphertextBlob: Uint8Array; KeyId: string }>(region, caller, 'GenerateDataKey', {
    KeyId: encryption.SSEKMSKeyId,
    KeySpec: 'AES_256',
    EncryptionContext: encryptionContext(bucket, key, encryption),
  });
  return { ...encryption, SSEKMSKeyId: answer.KeyId, dataKey: answer.CiphertextBlob };
};

/** Asks KMS for the plain data key, as reading does; the key itself is of no use here. */
export const unseal = async (
  { region, caller }: Pick<CallContext, 'region' | 'caller'>,
  bucket: string,
  key: string,
  encryption: Encryption,
): Promise<Uint8Array | undefined> => {
  if (!hasCustomerManagedKey(encryption)) return undefined;
  const answer = await callKms<{ Plaintext: Uint8Array }>(region, caller, 'Decrypt', {
    CiphertextBlob: encryption.dataKey,
    KeyId: encryption.SSEKMSKeyId,
    EncryptionContext: encryptionContext(bucket, key, encryption),
  });
  return answer.Plaintext;
};

/** Encrypts the data key of a replica under the key of its region. */
export const reseal = async (
  { region, caller }: Pick<CallContext, 'region' | 'caller'>,
  bucket: string,
  key: string,
  encryption: Encryption,
  dataKey: Uint8Array,
): Promise<Encryption> => {
  const answer = await callKms<{ CiphertextBlob: Uint8Array; KeyId: string }>(region, caller, 'Encrypt', {
    KeyId: encryption.SSEKMSKeyId,
    Plaintext: dataKey,
    EncryptionContext: encryptionContext(bucket, key, encryption),
  });
  return { ...encryption, SSEKMSKeyId: answer.KeyId, dataKey: answer.CiphertextBlob };
};

export const hasCustomerManagedKey = (encryption: Encryption): boolean =>
  encryption.SSEKMSKeyId !== undefined && !encryption.SSEKMSKeyId.endsWith(AWS_MANAGED_KEY);

/** What answers say about the encryption of an object. */
export const encryptionMembers = ({ ServerSideEncryption, SSEKMSKeyId, BucketKeyEnabled }: Encryption) => ({
  ServerSideEncryption,
  ...(SSEKMSKeyId && { SSEKMSKeyId }),
  ...(BucketKeyEnabled && { BucketKeyEnabled }),
});

/** With a bucket key, KMS sees the bucket's ARN in place of the object's. */
const encryptionContext = (bucket: string, key: string, { BucketKeyEnabled }: Encryption) => ({
  'aws:s3:arn': BucketKeyEnabled ? bucketArn(bucket) : objectArn(bucket, key),
});

/** Forward access: the caller stays who it is, and `service` becomes `kms:ViaService`. */
const callKms = async <T>(region: Region, caller: Caller, operation: string, input: object): Promise<T> => {
  try {
    return await region.call<T>('kms', operation, input, { ...caller, service: 's3.amazonaws.com' });
  } catch (error) {
    throw asS3Error(error);
  }
};

const asS3Error = (error: unknown): unknown => {
  if (error instanceof ApiError && error.code.startsWith('AccessDenied'))
    return new ApiError('AccessDenied', 403, error.message);
  if (error instanceof KMSServiceException) return new ApiError(`KMS.${error.name}`, 400, error.message);
  return error;
};
