// Who calls, which service, in which region: all of it stands in the signature's credential scope.
import type { IncomingMessage } from 'node:http';

export interface Scope {
  accessKeyId: string;
  region: string;
  service: string;
}

const CREDENTIAL = /Credential=([^/,\s]+)\/\d{8}\/([^/]*)\/([^/]+)\/aws4_request/;

/** The scope of a signed or presigned request; undefined where it is neither. Signatures themselves are not verified. */
export const scopeOf = (request: IncomingMessage, query: URLSearchParams): Scope | undefined => {
  const presigned = query.get('X-Amz-Credential');
  const text = presigned ? `Credential=${presigned}` : (request.headers.authorization ?? '');
  const [, accessKeyId, region, service] = CREDENTIAL.exec(text) ?? [];
  return accessKeyId && region && service ? { accessKeyId, region, service } : undefined;
};
