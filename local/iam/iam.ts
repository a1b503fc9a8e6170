import { ApiError } from '../service.ts';
import type { Caller, Check, Iam, PolicyStatement } from '../types.ts';
import type { Context } from './conditions.ts';
import { createCredentials } from './credentials.ts';
import { decide, type Effect, isService } from './decision.ts';
import { compileStatements, type Rule } from './statements.ts';

interface Role {
  trust: Rule[];
  identity: Rule[];
}

/** Roles, the credentials issued for them, and every decision. Policies that are not understood are refused when they arrive. */
export const createIam = ({ account }: { account: string }): Iam => {
  const roles = new Map<string, Role>();
  const resourcePolicies = new WeakMap<PolicyStatement[], Rule[]>();
  const operator: Caller = { arn: `arn:aws:iam::${account}:user/operator`, account };
  const credentials = createCredentials(operator);

  const roleOf = (arn: string): Role => {
    const role = roles.get(arn);
    if (!role) throw new Error(`the role ${arn} does not exist. Known: ${[...roles.keys()].join(', ') || 'none'}.`);
    return role;
  };
  const resourceRules = (owner: string, policy: PolicyStatement[]): Rule[] => {
    const rules = resourcePolicies.get(policy) ?? compileStatements('resource', owner, policy);
    resourcePolicies.set(policy, rules);
    return rules;
  };

  const iam: Iam = {
    operator,
    operatorCredentials: credentials.operator,
    putRole: ({ arn, trust, statements }) => {
      roles.set(arn, {
        trust: compileStatements('trust', arn, trust),
        identity: compileStatements('identity', arn, statements),
      });
    },
    removeRole: (arn) => {
      roles.delete(arn);
    },
    issue: (roleArn, options) => {
      roleOf(roleArn);
      return credentials.issue({ ...session(account, roleArn, options.actor), ...options });
    },
    revoke: credentials.revoke,
    callerOf: credentials.callerOf,

    assume: (roleArn, principal, { actor, sourceArn, sourceAccount }) => {
      const service = principal.endsWith('.amazonaws.com');
      const asking: Caller = {
        arn: principal,
        account,
        ...(service ? { service: principal } : { roleArn: principal }),
      };
      const from = sourceAccount ?? sourceArn?.split(':')[4];
      const check: Check = {
        action: 'sts:AssumeRole',
        resource: roleArn,
        context: { ...(sourceArn && { 'aws:SourceArn': sourceArn }), ...(from && { 'aws:SourceAccount': from }) },
      };
      const { effect } = decide(roles.get(roleArn)?.trust ?? [], requestOf(asking, check), asking);
      if (effect === 'delegated') iam.authorize(asking, check);
      else if (effect !== 'allowed') throw accessDenied(asking, check, effect, 'role trust policy');
      return { ...session(account, roleArn, actor), ...(service && { service: principal }) };
    },

    authorize: (caller, check, policy) => {
      const request = requestOf(caller, check);
      // The operator is an administrator: everything is allowed, and what a resource policy denies is denied, as on AWS.
      const identity = caller.roleArn
        ? decide(roleOf(caller.roleArn).identity, request)
        : { effect: (caller.arn === operator.arn ? 'allowed' : 'silent') satisfies Effect, grants: [] };
      if (identity.effect === 'denied') throw accessDenied(caller, check, 'denied', 'identity-based policy');
      const resource = policy ? decide(resourceRules(check.resource, policy), request, caller).effect : 'silent';
      if (resource === 'denied') throw accessDenied(caller, check, 'denied', 'resource-based policy');
      // A KMS key is open to the account's identity policies only where its key policy says so.
      const heeded = !(policy && check.action.startsWith('kms:')) || resource !== 'silent';
      if (resource !== 'allowed' && !(identity.effect === 'allowed' && heeded))
        throw accessDenied(
          caller,
          check,
          'silent',
          caller.roleArn && identity.effect !== 'allowed' ? 'identity-based policy' : 'resource-based policy',
        );
      for (const grant of identity.grants) grant.used = true;
    },

    simulate: (roleArn, { action, resource, context = {} }) => {
      const identity = roles.get(roleArn)?.identity;
      if (!identity) return undefined;
      const request = { action, resource, context: contextOf(context) };
      const asked = identity.filter((rule) => rule.grants.some((grant) => rule.covers(grant, action, resource)));
      const missing = new Set(asked.flatMap(({ keys }) => keys).filter((key) => !request.context.has(key)));
      const { effect } = decide(identity, request);
      // Only policies with principals delegate.
      return { effect: effect === 'delegated' ? 'silent' : effect, missing: [...missing] };
    },

    permissions: () =>
      [...roles].flatMap(([role, { identity }]) =>
        identity
          .filter((rule) => rule.allows)
          .flatMap((rule) => rule.grants.map(({ action, resource, used }) => ({ role, action, resource, used }))),
      ),
  };
  return iam;
};

const session = (account: string, roleArn: string, actor: string): Caller => ({
  arn: `arn:aws:sts::${account}:assumed-role/${roleArn.split('/').at(-1)}/${actor.replace(/[^\w+=,.@-]/g, '-').slice(0, 64)}`,
  account,
  roleArn,
  actor,
});

/** KMS says which service asks on a caller's behalf, and in which region: `rds.us-east-1.amazonaws.com`. */
const viaService = (caller: Caller, action: string, resource: string): Record<string, string> | undefined => {
  const region = resource.split(':')[3];
  if (!action.startsWith('kms:') || !caller.service || isService(caller) || !region) return undefined;
  return { 'kms:ViaService': caller.service.replace('.amazonaws.com', `.${region}.amazonaws.com`) };
};

/** What AWS adds to every request, below what the service says about this one. */
const requestOf = (
  caller: Caller,
  { action, resource, context }: Check,
): { action: string; resource: string; context: Context } => {
  const asService = isService(caller);
  const all: Record<string, string | string[]> = {
    // Clients reach the local region over plain HTTP on the loopback interface, in place of TLS.
    'aws:SecureTransport': 'true',
    'aws:PrincipalAccount': caller.account,
    'aws:PrincipalArn': caller.roleArn ?? caller.arn,
    'aws:PrincipalIsAWSService': String(asService),
    // Only sessions know it, and nobody entered a code for one of ours.
    ...(caller.roleArn && { 'aws:MultiFactorAuthPresent': 'false' }),
    ...(asService && { 'aws:PrincipalServiceName': caller.service, 'aws:SourceAccount': caller.account }),
    ...(asService && caller.arn.startsWith('arn:') && { 'aws:SourceArn': caller.arn }),
    ...(viaService(caller, action, resource) ?? {}),
    ...context,
  };
  return {
    action,
    resource,
    context: contextOf(all),
  };
};

const contextOf = (entries: Record<string, string | string[]>): Context =>
  new Map(Object.entries(entries).map(([key, value]) => [key.toLowerCase(), [value].flat()]));

/** Worded as AWS words it, so that what people search for is found. */
const accessDenied = (caller: Caller, { action, resource }: Check, effect: Effect, policy: string): ApiError => {
  const who = isService(caller) ? caller.service : caller.arn;
  const article = policy.startsWith('i') ? 'an' : 'a';
  const why =
    effect === 'denied'
      ? `with an explicit deny in ${article} ${policy}`
      : `because no ${policy} allows the ${action} action`;
  return new ApiError(
    'AccessDenied',
    403,
    `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${why}`,
  );
};
