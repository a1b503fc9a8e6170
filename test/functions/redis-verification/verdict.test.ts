import { describe, expect, it } from 'vitest';
import type { Comparison } from '../../../functions/redis-verification/comparisons.ts';
import { sampleOf } from '../../../functions/redis-verification/samples.ts';
import { type Evidence, judge } from '../../../functions/redis-verification/verdict.ts';

const comparison: Comparison = {
  at: '2026-11-20T05:10:00.000Z',
  seconds: 3,
  restoreSeconds: 200,
  engineVersion: '7.1.0',
  credential: 'none is needed',
  keys: 10,
  expiring: 2,
  found: 10,
  buckets: 256,
  sampled: 10,
  equal: 10,
  incomparable: 0,
  differences: [],
  differencesInAll: 0,
};
const judged = (change: Partial<Evidence>) =>
  judge({ recoveryPoint: 'p', troubles: [], comparison, minimumKeys: 1, ...change });
const trouble = (error: string) => ({ troubles: [{ step: 'restoring', error, cause: 'why' }], comparison: undefined });
const different = { kind: 'changed', of: 'db 0, a:…', expected: '1', found: '2' } as const;

describe('the verdict over an archive', () => {
  it('is PROVEN when all was restored, counted and compared, and says how much', () => {
    expect(judged({})).toEqual({
      verdict: 'PROVEN',
      reason: 'restored, logged in, 10 keys counted by database, type and time, 10 values compared equal',
    });
  });

  it.each([
    'ArchiveMissing',
    'ArtifactDamaged',
    'RdbDamaged',
    'RestoreFailed',
    'CacheLoginRefused',
    'CacheTokenMissing',
  ])('is FAILED after %s, whatever else was found', (error) => {
    expect(judged(trouble(error))).toMatchObject({ verdict: 'FAILED', reason: `restoring: ${error}: why` });
    expect(judged({ ...trouble(error), comparison })).toMatchObject({ verdict: 'FAILED' });
  });

  it.each(['RestoreLate', 'RestoreHindered', 'CacheUnreachable', 'ThrottlingException', 'RdbNotUnderstood'])(
    'is INCONCLUSIVE after %s, and worth repeating',
    (error) => {
      expect(judged(trouble(error))).toMatchObject({ verdict: 'INCONCLUSIVE', worthRepeating: true });
    },
  );

  it('is FAILED where anything differs, and names the first few', () => {
    const differences = Array.from({ length: 7 }, () => different);
    const { verdict, reason } = judged({ comparison: { ...comparison, differences, differencesInAll: 700 } });
    expect(verdict).toBe('FAILED');
    expect(reason).toMatch(/^db 0, a:…: changed \(expected 1; found 2\);.*; and 695 more$/);
  });

  it('is FAILED with fewer keys than the configuration demands', () => {
    expect(judged({ minimumKeys: 11 })).toEqual({ verdict: 'FAILED', reason: '10 keys; at least 11 were demanded' });
  });

  it('is never PROVEN where no value was compared, or nothing was there', () => {
    expect(judged({ comparison: { ...comparison, equal: 0, incomparable: 10 } })).toMatchObject({
      verdict: 'INCONCLUSIVE',
      worthRepeating: false,
    });
    expect(judged({ comparison: undefined })).toMatchObject({ verdict: 'INCONCLUSIVE' });
    expect(judged({ recoveryPoint: undefined, comparison: undefined })).toMatchObject({ verdict: 'INCONCLUSIVE' });
  });
});

describe('the sample', () => {
  it('is all of a small cache', () => {
    expect(sampleOf(0, 'a').size).toBe(256);
    expect(sampleOf(50_000, 'a').size).toBe(256);
  });

  it('is as much of a large one as can be compared in time, of another place each time', () => {
    expect(sampleOf(12_800_000, 'a').size).toBe(1);
    expect(sampleOf(500_000, 'a').size).toBe(25);
    const places = new Set(Array.from({ length: 100 }, (_, i) => [...sampleOf(12_800_000, `execution ${i}`)][0]));
    expect(places.size).toBeGreaterThan(50);
    expect(sampleOf(12_800_000, 'a')).toEqual(sampleOf(12_800_000, 'a'));
  });
});
