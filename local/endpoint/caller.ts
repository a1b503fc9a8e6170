// Who calls, which service, in which region: all of it stands in the signature's credential scope.
import type { IncomingMessage } from 'node:http';
import type { Caller, World } from '../types.ts';

export interface Scope {
  accessKeyId: string;
  /** Left out by links presigned the old way, which `aws s3 presign` still makes. */
  region?: string;
  service: string;
}

const CREDENTIAL = /Credential=([^/,\s]+)\/\d{8}\/([^/]*)\/([^/]+)\/aws4_request/;

/** The scope of a signed or presigned request; undefined where it is neither. Signatures themselves are not verified. */
export const scopeOf = (request: IncomingMessage, query: URLSearchParams): Scope | undefined => {
  const oldLink = query.get('AWSAccessKeyId');
  if (oldLink) return { accessKeyId: oldLink, service: 's3' };
  const presigned = query.get('X-Amz-Credential');
  const text = presigned ? `Credential=${presigned}` : (request.headers.authorization ?? '');
  const [, accessKeyId, region, service] = CREDENTIAL.exec(text) ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
};

/** `operator` is the access key id of the person at the keyboard: `AWS_ACCESS_KEY_ID=operator aws --endpoint-url …`. */
export const callerOf = ({ iam }: World, accessKeyId: string): Caller | undefined =>
  accessKeyId === 'operator' ? iam.operator : iam.callerOf(accessKeyId);
