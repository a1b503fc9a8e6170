import { InvalidEventPatternException } from '@aws-sdk/client-eventbridge';

/** One matcher of a pattern, ready to be asked about a value. `undefined` stands for a field that is not there. */
export type Matcher = (value: unknown) => boolean;

export const invalidPattern = (path: string, problem: string): InvalidEventPatternException =>
  new InvalidEventPatternException({
    message: `Event pattern is not valid. Reason: ${path || '(root)'}: ${problem}`,
    $metadata: {},
  });

/** Builds the matcher of one element of a pattern's array. @throws InvalidEventPatternException for what is not offered here. */
export const matcherOf = (element: unknown, path: string): Matcher => {
  if (isObject(element)) return prefixOf(element, path);
  if (Array.isArray(element)) throw invalidPattern(path, 'Match value must be String, number, true, false, or null');
  return (value) => value === element;
};

/** `{ "prefix": "…" }`, the only matcher in use of those that EventBridge has. */
const prefixOf = ({ prefix, ...others }: Record<string, unknown>, path: string): Matcher => {
  const [strange] = Object.keys(others);
  if (strange !== undefined) throw invalidPattern(path, `the match type ${strange} is not offered here, only prefix`);
  if (typeof prefix !== 'string' || prefix === '')
    throw invalidPattern(path, 'prefix match pattern must be a non-empty string');
  return (value) => typeof value === 'string' && value.startsWith(prefix);
};

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
