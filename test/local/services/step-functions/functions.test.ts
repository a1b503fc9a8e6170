import { describe, expect, it } from 'vitest';
import { createTestRegion, machine } from './support.ts';

const evaluate = async (expression: string, input: object = {}) => {
  const { run } = createTestRegion();
  const found = await run(
    machine({ One: { Type: 'Pass', Output: { value: `{% ${expression} %}` }, End: true } }),
    input as never,
  );
  return found.error ? `${found.error}: ${found.cause}` : (found.output as { value: unknown }).value;
};

describe('the functions Step Functions adds', () => {
  it.each([
    ['$partition([1,2,3,4], 3)', [[1, 2, 3], [4]]],
    ['$range(0, 10, 5)', [0, 5, 10]],
    ['$range(3, 1, -1)', [3, 2, 1]],
    ["$hash('input data', 'SHA-1')", 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
    ["$hash('', 'SHA-256')", 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['$parse(\'{"a":[1]}\').a', [1]],
    ['$random(7) = $random(7)', true],
    ['$random() < 1 and $random() >= 0', true],
    ['$uuid() = $uuid()', false],
    ['$match($uuid(), /^[0-9a-f-]{36}$/).match != ""', true],
  ])('%s is %j', async (expression, value) => expect(await evaluate(expression)).toEqual(value));

  it('say what they need', async () => {
    expect(await evaluate("$hash('a', 'CRC32')")).toContain('States.QueryEvaluationError: $hash knows MD5');
    expect(await evaluate('$partition([1], 0)')).toContain('$partition needs a positive size');
    expect(await evaluate("$parse('{')")).toContain('States.QueryEvaluationError');
  });
});

describe('time', () => {
  it('is the time of the region', async () => {
    expect(await evaluate('$millis()')).toBe(Date.parse('2026-11-20T00:00:00Z'));
    expect(await evaluate('$now()')).toBe('2026-11-20T00:00:00.000Z');
    expect(await evaluate("$now('[Y]/[M01] [H01]', '+0200')")).toBe('2026/11 02');
  });
});

describe('results', () => {
  it('are plain JSON: a function is refused, and one element is not made an array', async () => {
    expect(await evaluate('$sum')).toContain('returned a function');
    expect(await evaluate('$states.input.list[a=1]', { list: [{ a: 1 }] })).toEqual({ a: 1 });
    expect(await evaluate('$states.input.list[a=1][]', { list: [{ a: 1 }] })).toEqual([{ a: 1 }]);
  });
});
