// Whether the role of the function that would make a call allows it, by IAM's own simulator. It is a call to us-east-1: made
// on quiet days, because on the day itself it may not be answered, and nothing of a failover needs it.
import { IAMServiceException, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaServiceException } from '@aws-sdk/client-lambda';
import { iam, lambdas } from '../../shared/aws/clients.ts';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { settings } from '../../shared/config/settings.ts';
import type { PlannedCall } from '../../shared/recovery/plan.ts';
import { failureOfCall } from './call-failures.ts';
import type { Call, Need } from './planned-call.ts';

type Verdict = Pick<PlannedCall, 'permission' | 'found'>;

export type CheckPermissions = (functionKey: string, calls: readonly Call[]) => Promise<PlannedCall[]>;

/** Once IAM does not answer the rest is not asked: it would end the same, after every time-out. */
export const permissionChecker = (): CheckPermissions => {
  let silent: Unknown | undefined;
  return async (functionKey, calls) => {
    const verdicts = new Map<string, Verdict>();
    const role = silent ?? (await roleOf(functionKey));
    for (const group of groupsOf(calls)) {
      const simulated = 'why' in role ? role : (silent ?? (await simulate(role.arn, group)));
      if ('silent' in simulated) silent = simulated;
      for (const need of group.needs) verdicts.set(idOf(need), verdictIn(simulated, need));
    }
    return calls.map((call) => planned(call, verdicts));
  };
};

/** Why nobody says; `silent`: because IAM does not answer. */
interface Unknown {
  why: string;
  silent?: true;
}

const verdictIn = (simulated: Map<string, Verdict> | Unknown, { action }: Need): Verdict => {
  const verdict = 'why' in simulated ? undefined : simulated.get(action);
  const found = 'why' in simulated ? simulated.why : 'IAM gave no answer';
  return verdict ?? { permission: 'not checked', found };
};

interface Group extends Omit<Need, 'action'> {
  needs: Need[];
}

const idOf = ({ action, resource, context }: Need): string => JSON.stringify([action, resource, context]);

/** One request for all actions on a resource under the same conditions. */
const groupsOf = (calls: readonly Call[]): Group[] => {
  const groups = new Map<string, Group>();
  for (const need of calls.flatMap(({ needs }) => needs)) {
    const { resource, context } = need;
    const key = JSON.stringify([resource, context]);
    const group = groups.get(key) ?? { resource, ...(context ? { context } : {}), needs: [] };
    if (!group.needs.some(({ action }) => action === need.action)) group.needs.push(need);
    groups.set(key, group);
  }
  return [...groups.values()];
};

/** Roles are named by CloudFormation; the function knows its own. */
const roleOf = async (functionKey: string): Promise<{ arn: string } | Unknown> => {
  const FunctionName = `${settings().service}-${functionKey}`;
  try {
    const { Role } = await lambdas().send(new GetFunctionConfigurationCommand({ FunctionName }));
    return Role ? { arn: Role } : { why: `${FunctionName} has no role` };
  } catch (error) {
    if (!(error instanceof LambdaServiceException || isUnreachable(error))) throw error;
    return { why: `the role of ${FunctionName} is not known: ${failureOfCall(error).evidence}` };
  }
};

/** By action; or why nobody says. */
const simulate = async (
  PolicySourceArn: string,
  { resource, context = {}, needs }: Group,
): Promise<Map<string, Verdict> | Unknown> => {
  const request = {
    PolicySourceArn,
    ActionNames: needs.map(({ action }) => action),
    ResourceArns: [resource],
    ContextEntries: Object.entries(context).map(([ContextKeyName, ContextKeyValues]) => ({
      ...{ ContextKeyName, ContextKeyValues },
      ContextKeyType: ContextKeyValues.length > 1 ? ('stringList' as const) : ('string' as const),
    })),
  };
  const verdicts = new Map<string, Verdict>();
  try {
    for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client: iam() }, request))
      for (const { EvalActionName = '', EvalDecision, ...more } of EvaluationResults) {
        const missing = [
          ...(more.MissingContextValues ?? []),
          ...(more.ResourceSpecificResults ?? []).flatMap(({ MissingContextValues = [] }) => MissingContextValues),
        ];
        verdicts.set(EvalActionName, verdictOf(EvalActionName, resource, EvalDecision, missing));
      }
    return verdicts;
  } catch (error) {
    if (!(error instanceof IAMServiceException || isUnreachable(error))) throw error;
    const why = `IAM: ${failureOfCall(error).evidence}`;
    return isUnreachable(error) ? { why, silent: true } : { why };
  }
};

/** An allowance is one whatever is missing; a denial may only be the simulation's, where a policy asks for what it was not told. */
const verdictOf = (action: string, resource: string, decision: string | undefined, missing: string[]): Verdict => {
  if (decision === 'allowed') return { permission: 'allowed' };
  const what = `${action} on ${resource}`;
  if (decision === 'implicitDeny' && missing.length > 0)
    return { permission: 'unclear', found: `${what} depends on ${[...new Set(missing)].join(', ')}` };
  return { permission: 'denied', found: `${what}: ${decision === 'explicitDeny' ? 'denied' : 'allowed by no policy'}` };
};

/** As bad as the worst of what it needs. */
const WORST_FIRST = ['denied', 'unclear', 'not checked', 'allowed'] as const;

const planned = ({ call, on, region, bestEffort = false, needs, decidedBy }: Call, verdicts: Map<string, Verdict>) => {
  const of = { call, on, region, bestEffort };
  if (decidedBy) return { ...of, permission: 'not by IAM' as const, found: `decided by ${decidedBy}` };
  const all = needs.flatMap((need) => verdicts.get(idOf(need)) ?? []);
  const permission = WORST_FIRST.find((worst) => all.some((verdict) => verdict.permission === worst)) ?? 'not checked';
  const found = new Set(all.flatMap((verdict) => verdict.found ?? []));
  return { ...of, permission, ...(found.size > 0 ? { found: [...found].join('; ') } : {}) };
};
