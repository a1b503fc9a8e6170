import type { PolicyStatement } from '../types.ts';
import { type Context, compileCondition } from './conditions.ts';
import { matchesPattern } from './pattern.ts';

export type PolicyKind = 'identity' | 'resource' | 'trust';

/** One action pattern on one resource pattern of an Allow, and whether a call has needed it. */
export interface Grant {
  action: string;
  resource: string;
  used: boolean;
}

/** A statement whose every element is understood. */
export interface Rule {
  allows: boolean;
  grants: Grant[];
  principal: PolicyStatement['Principal'];
  /** Condition keys it asks for, in lower case. */
  keys: string[];
  covers(grant: Grant, action: string, resource: string): boolean;
  applies(context: Context): boolean;
}

const ELEMENTS = new Set(['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'Condition']);
const PRINCIPALS = new Set(['AWS', 'Service']);

/** @throws Error naming the policy and what in it is not understood: an element that is ignored would decide wrongly. */
export const compileStatements = (kind: PolicyKind, owner: string, statements: PolicyStatement[]): Rule[] =>
  statements.map((statement, index) => {
    try {
      return compile(kind, statement);
    } catch (error) {
      const place = `${kind} policy of ${owner}, statement ${statement.Sid ?? index + 1}`;
      throw new Error(`${place}: ${(error as Error).message}. Correct the policy, or teach local/iam the element.`);
    }
  });

const compile = (kind: PolicyKind, statement: PolicyStatement): Rule => {
  const unknown = Object.keys(statement).find((element) => !ELEMENTS.has(element));
  if (unknown) throw new Error(`the element ${unknown} is not known`);
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny')
    throw new Error(`Effect is Allow or Deny, found ${statement.Effect}`);
  if ((statement.Action === undefined) === (statement.NotAction === undefined))
    throw new Error('exactly one of Action and NotAction is expected');
  checkPrincipal(kind, statement.Principal);
  const resources = [statement.Resource ?? []].flat();
  if (kind === 'trust' ? resources.length > 0 : resources.length === 0)
    throw new Error(kind === 'trust' ? 'a trust policy has no Resource' : 'a Resource is expected');
  const variable = resources.find((resource) => resource.includes('${'));
  if (variable) throw new Error(`policy variables are not supported, found ${variable}`);

  const actions = [statement.Action ?? statement.NotAction ?? []].flat();
  const malformed = actions.find((action) => !/^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$/.test(action));
  if (malformed) throw new Error(`an action is written like "s3:PutObject", found ${malformed}`);
  const excludes = statement.NotAction !== undefined;
  return {
    allows: statement.Effect === 'Allow',
    principal: statement.Principal,
    keys: Object.values(statement.Condition ?? {}).flatMap((block) =>
      Object.keys(block).map((key) => key.toLowerCase()),
    ),
    grants: (excludes ? [`not ${actions.join(', ')}`] : actions).flatMap((action) =>
      (kind === 'trust' ? ['*'] : resources).map((resource) => ({ action, resource, used: false })),
    ),
    covers: (grant, action, resource) =>
      (excludes ? !actions.some((each) => sameAction(each, action)) : sameAction(grant.action, action)) &&
      matchesPattern(grant.resource, resource),
    applies: compileCondition(statement.Condition),
  };
};

const sameAction = (pattern: string, action: string): boolean => matchesPattern(pattern, action, { ignoreCase: true });

const checkPrincipal = (kind: PolicyKind, principal: PolicyStatement['Principal']): void => {
  if ((kind === 'identity') !== (principal === undefined))
    throw new Error(kind === 'identity' ? 'an identity policy has no Principal' : 'a Principal is expected');
  if (principal === undefined || principal === '*') return;
  if (typeof principal === 'string') throw new Error(`a Principal is "*" or an object, found ${principal}`);
  const unknown = Object.keys(principal).find((type) => !PRINCIPALS.has(type));
  if (unknown) throw new Error(`the principal type ${unknown} is not known`);
};
