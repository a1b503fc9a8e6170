import { BlockList, isIPv4 } from 'node:net';
import { InvalidEventPatternException } from '@aws-sdk/client-eventbridge';

/** One matcher of a pattern, ready to be asked about a value. `undefined` stands for a field that is not there. */
export type Matcher = (value: unknown) => boolean;

export const invalidPattern = (path: string, problem: string): InvalidEventPatternException =>
  new InvalidEventPatternException({
    message: `Event pattern is not valid. Reason: ${path || '(root)'}: ${problem}`,
    $metadata: {},
  });

const text = (value: unknown, path: string, matcher: string): string => {
  if (typeof value !== 'string' || value === '')
    throw invalidPattern(path, `${matcher} match pattern must be a non-empty string`);
  return value;
};

const ignoringCase = (test: (value: string, wanted: string) => boolean, wanted: string): Matcher => {
  const lower = wanted.toLowerCase();
  return (value) => typeof value === 'string' && test(value.toLowerCase(), lower);
};

/** `prefix` and `suffix` take a string, or `{ "equals-ignore-case": string }`. */
const affix =
  (name: string, test: (value: string, wanted: string) => boolean) =>
  (operand: unknown, path: string): Matcher => {
    if (isObject(operand) && Object.keys(operand).join() === 'equals-ignore-case') {
      return ignoringCase(test, text(operand['equals-ignore-case'], path, name));
    }
    const wanted = text(operand, path, name);
    return (value) => typeof value === 'string' && test(value, wanted);
  };

const prefix = affix('prefix', (value, wanted) => value.startsWith(wanted));
const suffix = affix('suffix', (value, wanted) => value.endsWith(wanted));
const equalsIgnoreCase = (operand: unknown, path: string): Matcher =>
  ignoringCase((value, wanted) => value === wanted, text(operand, path, 'equals-ignore-case'));

const wildcard = (operand: unknown, path: string): Matcher => {
  const pattern = text(operand, path, 'wildcard');
  if (pattern.includes('**')) throw invalidPattern(path, 'consecutive wildcard characters');
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(`^${parts.join('.*')}$`, 's');
  return (value) => typeof value === 'string' && expression.test(value);
};

const COMPARISONS: Record<string, (value: number, limit: number) => boolean> = {
  '=': (value, limit) => value === limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

const numeric = (operand: unknown, path: string): Matcher => {
  if (!Array.isArray(operand) || ![2, 4].includes(operand.length)) {
    throw invalidPattern(path, 'numeric expects [comparison, number] or a range of two');
  }
  const tests: { compare: (value: number, limit: number) => boolean; limit: number }[] = [];
  for (let at = 0; at < operand.length; at += 2) {
    const compare = COMPARISONS[String(operand[at])];
    const limit: unknown = operand[at + 1];
    if (!compare) throw invalidPattern(path, `Unrecognized numeric range operator: ${operand[at]}`);
    if (typeof limit !== 'number') throw invalidPattern(path, 'Value of numeric must be a number');
    tests.push({ compare, limit });
  }
  return (value) => typeof value === 'number' && tests.every(({ compare, limit }) => compare(value, limit));
};

const cidr = (operand: unknown, path: string): Matcher => {
  const [address = '', bits = ''] = text(operand, path, 'cidr').split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  const block = new BlockList();
  try {
    block.addSubnet(address, Number(bits), family);
  } catch {
    throw invalidPattern(path, `Malformed CIDR: ${operand}`);
  }
  return (value) => typeof value === 'string' && block.check(value, isIPv4(value) ? 'ipv4' : 'ipv6');
};

const anythingBut = (operand: unknown, path: string): Matcher => {
  const refused = isObject(operand)
    ? Object.entries(operand).flatMap(([name, values]) =>
        [values].flat().map((value) => special(name, value, path, BUT)),
      )
    : [operand].flat().map((value) => exact(value, path));
  if (refused.length === 0) throw invalidPattern(path, 'anything-but must not be empty');
  return (value) => value !== undefined && !refused.some((matches) => matches(value));
};

const exists = (operand: unknown, path: string): Matcher => {
  if (typeof operand !== 'boolean') throw invalidPattern(path, 'exists match pattern must be either true or false.');
  return (value) => (value !== undefined) === operand;
};

type Build = (operand: unknown, path: string) => Matcher;
/** What may stand inside `anything-but`. */
const BUT: Record<string, Build> = { prefix, suffix, wildcard, 'equals-ignore-case': equalsIgnoreCase };
const ALL: Record<string, Build> = { ...BUT, numeric, cidr, exists, 'anything-but': anythingBut };

const special = (name: string, operand: unknown, path: string, known: Record<string, Build>): Matcher => {
  const build = known[name];
  if (!build) throw invalidPattern(path, `Unrecognized match type ${name}`);
  return build(operand, path);
};

const exact = (wanted: unknown, path: string): Matcher => {
  if (wanted !== null && typeof wanted === 'object')
    throw invalidPattern(path, 'Match value must be String, number, true, false, or null');
  return (value) => value === wanted;
};

/** Builds the matcher of one element of a pattern's array. @throws InvalidEventPatternException for what EventBridge does not know. */
export const matcherOf = (element: unknown, path: string): Matcher => {
  if (!isObject(element)) return exact(element, path);
  const [[name, operand] = [], ...more] = Object.entries(element);
  if (name === undefined || more.length > 0) throw invalidPattern(path, 'Only one key allowed in match expression');
  return special(name, operand, path, ALL);
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
