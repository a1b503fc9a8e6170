import { InvalidObjectState, NoSuchBucket, NoSuchKey, NoSuchUpload } from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';

// The refusals of S3, in its own codes and words.
export const noSuchBucket = (name: string) =>
  new NoSuchBucket({ message: `The specified bucket does not exist: ${name}`, $metadata: {} });
export const noSuchKey = (key: string) =>
  new NoSuchKey({ message: `The specified key does not exist: ${key}`, $metadata: {} });
export const noSuchUpload = (id: string) =>
  new NoSuchUpload({
    message: `The specified upload does not exist: ${id}. It may have been aborted or completed.`,
    $metadata: {},
  });
export const noSuchVersion = (id: string) =>
  new ApiError('NoSuchVersion', 404, `The specified version does not exist: ${id}`);
export const archived = (storageClass: 'GLACIER' | 'DEEP_ARCHIVE') =>
  new InvalidObjectState({
    message: "The operation is not valid for the object's storage class",
    StorageClass: storageClass,
    $metadata: {},
  });
export const preconditionFailed = (condition: string) =>
  new ApiError(
    'PreconditionFailed',
    412,
    `At least one of the pre-conditions you specified did not hold: ${condition}`,
  );
export const conflict = (key: string) =>
  new ApiError(
    'ConditionalRequestConflict',
    409,
    `A delete of ${key} took place while it was being written. Read the object again and retry.`,
  );
export const badDigest = (what: string) =>
  new ApiError('BadDigest', 400, `The ${what} you specified did not match the calculated checksum.`);
export const invalidRequest = (message: string) => new ApiError('InvalidRequest', 400, message);
export const invalidArgument = (message: string) => new ApiError('InvalidArgument', 400, message);
export const malformed = (message: string) => new ApiError('MalformedXML', 400, message);
export const invalidState = (message: string) => new ApiError('InvalidBucketState', 409, message);
export const missingSetting = (code: string, bucket: string) =>
  new ApiError(code, 404, `The bucket ${bucket} has no such configuration.`);
export const locked = () => new ApiError('AccessDenied', 403, 'Access Denied because object protected by object lock.');
