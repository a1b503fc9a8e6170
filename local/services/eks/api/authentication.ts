// Who is asking, from the token: a presigned GetCallerIdentity of STS, as aws-iam-authenticator reads it (pkg/token, 2026-11).
// As everywhere in the local region, the access key says who it is; signatures are not verified.
import { callerOf } from '../../../endpoint/caller.ts';
import type { Caller, Region } from '../../../types.ts';
import type { AccessEntry } from '../access.ts';
import { ApiFailure } from './failures.ts';

export interface User {
  name: string;
  groups: string[];
  /** Who that is to AWS. */
  caller: Caller;
  isAdmin: boolean;
}

const PREFIX = 'k8s-aws-v1.';
const TOKEN_MS = 15 * 60_000;
const STS = /^sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?$/;

/** @throws {ApiFailure} Unauthorized, whatever is wrong: the API server does not say. */
export const authenticate = (
  region: Region,
  entries: ReadonlyMap<string, AccessEntry>,
  authorization: string | undefined,
): User => {
  const [, token = ''] = /^Bearer (.+)$/.exec(authorization ?? '') ?? [];
  const accessKeyId = token.startsWith(PREFIX) ? accessKeyOf(region, token.slice(PREFIX.length)) : undefined;
  const caller = accessKeyId ? callerOf(region.world, accessKeyId) : undefined;
  const entry = caller && entries.get(caller.roleArn ?? caller.arn);
  if (!caller || !entry) throw new ApiFailure(401, 'Unauthorized', 'Unauthorized');
  const session = caller.arn.split('/').at(-1) ?? '';
  return {
    name: entry.username.replaceAll('{{SessionName}}', session),
    groups: [...entry.groups, 'system:authenticated'],
    isAdmin: entry.isAdmin,
    caller,
  };
};

const accessKeyOf = (region: Region, encoded: string): string | undefined => {
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname, origin, pathname, searchParams } = new URL(text);
  // The AWS CLI presigns for the endpoint it is configured with, which here is the region's.
  const host = (protocol === 'https:' && STS.test(hostname)) || origin === region.endpoint;
  const query = new Map([...searchParams].map(([key, value]) => [key.toLowerCase(), value]));
  const signed = (query.get('x-amz-signedheaders') ?? '').split(';');
  const [, ...date] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query.get('x-amz-date') ?? '') ?? [];
  const [year, month, day, hour, minute, second] = date.map(Number);
  const age = region.clock.now().getTime() - Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  const fresh = date.length === 6 && age < TOKEN_MS && age > -TOKEN_MS;
  const valid = host && pathname === '/' && query.get('action') === 'GetCallerIdentity' && fresh;
  if (!valid || !signed.includes('x-k8s-aws-id') || Number(query.get('x-amz-expires') ?? 901) > 900) return undefined;
  return query.get('x-amz-credential')?.split('/')[0];
};
