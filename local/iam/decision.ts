import type { Caller, PolicyStatement } from '../types.ts';
import type { Context } from './conditions.ts';
import type { Grant, Rule } from './statements.ts';

export interface Request {
  action: string;
  resource: string;
  context: Context;
}

/** `delegated`: the policy names the account, whose identity policies then decide. */
export type Effect = 'allowed' | 'delegated' | 'denied' | 'silent';

export interface Decision {
  effect: Effect;
  /** The grants that allow it, to be marked as used once the whole decision is known. */
  grants: Grant[];
}

/** What one policy says about a request. For policies with principals, `caller` has to be among them. */
export const decide = (rules: Rule[], request: Request, caller?: Caller): Decision => {
  const grants: Grant[] = [];
  let effect: Effect = 'silent';
  for (const rule of rules) {
    const matching = rule.grants.filter((grant) => rule.covers(grant, request.action, request.resource));
    const named = caller ? principalMatch(rule.principal, caller) : 'itself';
    if (matching.length === 0 || named === undefined || !rule.applies(request.context)) continue;
    if (!rule.allows) return { effect: 'denied', grants: [] };
    grants.push(...matching);
    if (effect !== 'allowed') effect = named === 'account' ? 'delegated' : 'allowed';
  }
  return { effect, grants };
};

/** A service calling as itself; on behalf of a role or a user, it is they who are asked about. */
export const isService = (caller: Caller): boolean =>
  caller.service !== undefined && caller.roleArn === undefined && !caller.arn.includes(':user/');

/** Whether a principal element names the caller itself, or only the account it belongs to. */
const principalMatch = (principal: PolicyStatement['Principal'], caller: Caller): 'itself' | 'account' | undefined => {
  if (principal === '*') return 'itself';
  if (principal === undefined) return undefined;
  const asService = isService(caller);
  if (asService) return [principal.Service ?? []].flat().includes(caller.service ?? '') ? 'itself' : undefined;
  const named = [principal.AWS ?? []].flat();
  if (named.some((arn) => arn === '*' || arn === caller.arn || arn === caller.roleArn)) return 'itself';
  const account = named.some((arn) => arn === caller.account || arn === `arn:aws:iam::${caller.account}:root`);
  return account ? 'account' : undefined;
};
