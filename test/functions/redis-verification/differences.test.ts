import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compare, keyLabel } from '../../../functions/redis-verification/differences.ts';
import type { Expected, ExpectedKey } from '../../../functions/redis-verification/expectations.ts';
import type { LiveCache, LiveKey } from '../../../functions/redis-verification/live-keys.ts';

const FROM = Date.parse('2026-11-20T12:00:00Z');
const TO = FROM + 60_000;
const DIGEST = 'sixteen bytes...';

interface Given {
  expected?: Record<string, Partial<ExpectedKey>>;
  live?: Record<string, Partial<LiveKey>>;
  counts?: [certain: number, undecided: number, found: number];
  lost?: number;
}

const run = ({ expected = {}, live = {}, counts = [0, 0, 0], lost = 0 }: Given) => {
  const of = <T>(keys: Record<string, Partial<T>>, plain: T): Map<string, T> =>
    new Map(Object.entries(keys).map(([id, change]) => [`0 ${id}`, { ...plain, ...change }]));
  const plain = { type: 'string' as const, digest: DIGEST, expiresAt: undefined };
  const wanted: Expected = {
    counts: new Map([['0 string', { certain: counts[0], undecided: counts[1] }]]),
    keys: counts[0],
    expiring: counts[0],
    sampled: of(expected, { ...plain, comparable: true }),
  };
  const is: LiveCache = { counts: new Map([['0 string', counts[2]]]), sampled: of(live, plain), from: FROM, to: TO };
  const { differences, ...rest } = compare(wanted, is, lost);
  return { kinds: differences.map(({ kind }) => kind), differences, ...rest };
};

describe('a restored cache', () => {
  it('is equal when every key has its value and its time', () => {
    const keys = { a: {}, b: { expiresAt: TO + 3_600_000 } };
    expect(run({ expected: keys, live: keys, counts: [2, 0, 2] })).toMatchObject({ kinds: [], equal: 2 });
  });

  it.each([
    ['missing', { expected: { a: {} } }],
    ['foreign', { live: { a: {} } }],
    ['changed', { expected: { a: {} }, live: { a: { digest: 'sixteen other by' } } }],
    ['another type', { expected: { a: {} }, live: { a: { type: 'hash' } } }],
    ['another time', { expected: { a: { expiresAt: TO + 100_000 } }, live: { a: { expiresAt: TO + 200_000 } } }],
    ['another time', { expected: { a: { expiresAt: TO + 100_000 } }, live: { a: {} } }],
    ['another time', { expected: { a: {} }, live: { a: { expiresAt: TO + 100_000 } } }],
    ['fewer', { counts: [10, 0, 9] }],
    ['more', { counts: [10, 2, 13] }],
  ] as [string, Given][])('differs where one is %s', (kind, given) => {
    expect(run(given).kinds).toEqual([kind]);
  });

  it('may lack what has ended since, or ended while it was read, and no other', () => {
    const ended = { expected: { a: { expiresAt: FROM - 1 }, b: { expiresAt: TO + 4_000 } } };
    expect(run(ended).kinds).toEqual([]);
    expect(run({ expected: { a: { expiresAt: TO + 6_000 } } }).kinds).toEqual(['missing']);
    expect(run({ counts: [10, 2, 10] }).kinds).toEqual([]);
    expect(run({ counts: [10, 2, 12] }).kinds).toEqual([]);
  });

  it('may lack the share of expiring keys that the configuration allows, and none that does not expire', () => {
    expect(run({ counts: [100, 0, 99], lost: 0.01 }).kinds).toEqual([]);
    expect(run({ counts: [100, 0, 98], lost: 0.01 }).kinds).toEqual(['fewer']);
    const expiring = { expiresAt: TO + 3_600_000 };
    expect(run({ expected: { a: expiring }, counts: [100, 0, 99], lost: 0.01 }).kinds).toEqual([]);
    expect(run({ expected: { a: expiring, b: expiring }, counts: [100, 0, 99], lost: 0.01 }).kinds).toEqual([
      'missing',
    ]);
    expect(run({ expected: { a: {} }, counts: [100, 0, 99], lost: 0.01 }).kinds).toEqual(['missing']);
  });

  it('is not judged by values that only a module could compare', () => {
    const given = { expected: { a: { comparable: false } }, live: { a: { digest: 'sixteen other by' } } };
    expect(run(given)).toMatchObject({ kinds: [], equal: 0, incomparable: 1 });
  });
});

describe('the name of a key in a finding', () => {
  it('shows its space and a digest, and nothing of what may be a secret', () => {
    const token = 'd2f1c0ffee';
    const label = keyLabel(`3 session:eu:${token}`);
    expect(label).toBe(
      `db 3, session:eu:… (sha256 ${createHash('sha256').update(`session:eu:${token}`).digest('hex').slice(0, 16)})`,
    );
    expect(label).not.toContain(token);
    expect(keyLabel('0 eyJhbGciOi')).toMatch(/^db 0, … \(sha256 [0-9a-f]{16}\)$/);
    expect(keyLabel('0 \u0000\u00ff: binary')).toMatch(/^db 0, … /);
  });
});
