import type { PolicyStatement } from '../types.ts';
import { matchesArn, matchesPattern } from './pattern.ts';

/** Condition keys in lower case: IAM does not distinguish case in them. */
export type Context = Map<string, string[]>;

interface Operator {
  matches(wanted: string, found: string): boolean;
  /** True when the key is missing, and true only if none of the wanted values matches. */
  negated?: true;
  /** What a policy may write as value; anything else is refused. */
  accepts?: RegExp;
}

const NUMBER = /^-?\d+(\.\d+)?$/;
const number = (compare: (found: number, wanted: number) => boolean): Operator => ({
  matches: (wanted, found) => NUMBER.test(found) && compare(Number(found), Number(wanted)),
  accepts: NUMBER,
});
const not = (operator: Operator): Operator => ({ ...operator, negated: true });

const equals: Operator = { matches: (wanted, found) => wanted === found };
const equalsIgnoreCase: Operator = { matches: (wanted, found) => wanted.toLowerCase() === found.toLowerCase() };
const like: Operator = { matches: matchesPattern };
const arn: Operator = { matches: matchesArn };
const numberEquals = number((found, wanted) => found === wanted);

const OPERATORS: Record<string, Operator> = {
  StringEquals: equals,
  StringNotEquals: not(equals),
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringNotEqualsIgnoreCase: not(equalsIgnoreCase),
  StringLike: like,
  StringNotLike: not(like),
  ArnEquals: arn,
  ArnLike: arn,
  ArnNotEquals: not(arn),
  ArnNotLike: not(arn),
  NumericEquals: numberEquals,
  NumericNotEquals: not(numberEquals),
  NumericLessThan: number((found, wanted) => found < wanted),
  NumericLessThanEquals: number((found, wanted) => found <= wanted),
  NumericGreaterThan: number((found, wanted) => found > wanted),
  NumericGreaterThanEquals: number((found, wanted) => found >= wanted),
  Bool: { matches: (wanted, found) => wanted === found.toLowerCase(), accepts: /^(true|false)$/ },
};

/** Global keys that a caller's context always has or that services set; another `aws:` key would silently never match. */
const GLOBAL_KEY =
  /^aws:(securetransport|sourcearn|sourceaccount|principal(arn|account|isawsservice|servicename)|multifactorauthpresent|requestedregion|calledvia|tagkeys|(request|resource)tag\/.+)$/;

/** Turns a Condition block into a test. @throws Error naming an operator, key or value that is not understood. */
export const compileCondition = (block: PolicyStatement['Condition'] = {}): ((context: Context) => boolean) => {
  const tests = Object.entries(block).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, values]) => compileTest(operator, key, [values].flat().map(String))),
  );
  return (context) => tests.every((test) => test(context));
};

const compileTest = (written: string, writtenKey: string, wanted: string[]): ((context: Context) => boolean) => {
  const key = writtenKey.toLowerCase();
  if (key.startsWith('aws:') && !GLOBAL_KEY.test(key)) throw new Error(`the condition key ${writtenKey} is not known`);
  const variable = wanted.find((value) => value.includes('${'));
  if (variable) throw new Error(`policy variables are not supported, found ${variable}`);
  if (written === 'Null') {
    const absent = wanted.map((value) => value.toLowerCase());
    const unusable = absent.find((value) => value !== 'true' && value !== 'false');
    if (unusable !== undefined) throw new Error(`Null takes "true" or "false", found ${unusable}`);
    return (context) => absent.includes(String(!context.has(key)));
  }
  const [, set, name, ifExists] = /^(ForAllValues:|ForAnyValue:)?([A-Za-z]+?)(IfExists)?$/.exec(written) ?? [];
  const operator = name === undefined ? undefined : OPERATORS[name];
  if (!operator) throw new Error(`the condition operator ${written} is not known`);
  const unusable = wanted.find((value) => operator.accepts && !operator.accepts.test(value));
  if (unusable !== undefined) throw new Error(`${written} does not take the value ${unusable}`);

  const fits = (found: string): boolean =>
    wanted.some((value) => operator.matches(value, found)) !== (operator.negated ?? false);
  return (context) => {
    const found = context.get(key);
    if (!found) return ifExists !== undefined || set === 'ForAllValues:' || (operator.negated ?? false);
    if (set === 'ForAnyValue:') return found.some(fits);
    return found.every(fits);
  };
};
