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
