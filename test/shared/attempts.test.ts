import { expect, it } from 'vitest';
import { startAttempts } from '../../shared/attempts.ts';

it('goes on after what failed, and says what it was and why', async () => {
  const { attempt, troubles } = startAttempts();
  const done: string[] = [];
  const fail = async (error: unknown): Promise<void> => {
    throw error;
  };
  expect(await attempt('one', () => fail(new Error('no such table')))).toBe(false);
  expect(await attempt('two', async () => void done.push('two'))).toBe(true);
  expect(await attempt('three', () => fail('a text'))).toBe(false);
  expect(done).toEqual(['two']);
  expect(troubles).toEqual(['one: no such table', 'three: a text']);
});
