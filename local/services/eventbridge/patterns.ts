import { invalidPattern, isObject, type Matcher, matcherOf } from './matchers.ts';

/** An event pattern, checked and ready to be asked about events. */
export type Pattern = (event: unknown) => boolean;

/**
 * Compiles a pattern (EventBridge user guide, "Comparison operators for use in event patterns", 2026-11).
 * @throws InvalidEventPatternException, naming the field, for anything that is not a pattern.
 */
export const compilePattern = (source: string): Pattern => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(source);
  } catch (cause) {
    throw invalidPattern('', cause instanceof Error ? cause.message : String(cause));
  }
  return compileObject(parsed, '');
};

const compileObject = (pattern: unknown, path: string): Pattern => {
  if (!isObject(pattern)) throw invalidPattern(path, 'Filter is not an object');
  const fields = Object.entries(pattern);
  if (fields.length === 0) throw invalidPattern(path, 'Empty objects are not allowed');
  const tests = fields.map(([name, wanted]): Pattern => {
    const here = path ? `${path}.${name}` : name;
    if (name === '$or') throw invalidPattern(path, '$or is not offered here');
    const test = Array.isArray(wanted) ? compileValues(wanted, here) : compileNested(wanted, here);
    return (event) => test(isObject(event) ? event[name] : undefined);
  });
  return (event) => tests.every((test) => test(event));
};

/** An array in the event matches when one of its elements does. */
const compileValues = (wanted: unknown[], path: string): Pattern => {
  if (wanted.length === 0) throw invalidPattern(path, 'Empty arrays are not allowed');
  const matchers: Matcher[] = wanted.map((element) => matcherOf(element, path));
  return (value) => {
    const values =
      Array.isArray(value) && value.length > 0 ? value : [Array.isArray(value) || isObject(value) ? undefined : value];
    return matchers.some((matches) => values.some(matches));
  };
};

/** A nested pattern met by an array of objects needs one object that meets all of it. */
const compileNested = (wanted: unknown, path: string): Pattern => {
  if (!isObject(wanted)) throw invalidPattern(path, `"${path}" must be an object or an array`);
  const matches = compileObject(wanted, path);
  return (value) => (Array.isArray(value) ? value.some(matches) : matches(value));
};
