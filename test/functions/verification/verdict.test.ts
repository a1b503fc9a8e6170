import { describe, expect, it } from 'vitest';
import type { CheckResult, Comparison } from '../../../functions/verification/evidence.ts';
import { type Evidence, judge } from '../../../functions/verification/verdict.ts';

const AT = '2026-11-22T04:10:00.000Z';
const result = (name: string, change: Partial<CheckResult> = {}): CheckResult => ({
  name,
  kind: 'orphans',
  severity: 'critical',
  expected: 'none',
  found: '0 of 10 rows',
  passed: true,
  at: AT,
  seconds: 1,
  samples: [],
  ...change,
});
const check = (name: string, change: Partial<CheckResult> = {}) => ({
  name,
  severity: change.severity ?? ('critical' as const),
  result: result(name, change),
});
const table = {
  table: 'public.orders',
  exact: 100,
  oneByOne: 3,
  undecided: 1,
  written: 5,
  damagedBuckets: 0,
  differences: [],
};
const finding = (change: Partial<Comparison> = {}): Comparison => ({
  item: 0,
  at: AT,
  seconds: 2,
  objects: 0,
  tables: [table],
  differences: [],
  notCompared: [],
  ...change,
});
const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  recoveryPoint: 'shop-db-20261120t020000z-scheduled',
  troubles: [],
  login: { at: AT, seconds: 1, restoreSeconds: 300, serverVersion: '15.14', credential: 'shop/database, version 1' },
  checks: [check('every order has a customer')],
  fingerprintMissing: undefined,
  comparisons: [
    { item: 'schema', finding: finding({ item: 'schema', tables: [], objects: 20 }) },
    { item: 0, finding: finding() },
  ],
  rowsAtBackup: 106,
  ...change,
});
const trouble = (error: string) => [{ step: 'some step', error, cause: 'it happened' }];

describe('PROVEN', () => {
  it('is said of a point that was restored, opened, checked and compared whole', () => {
    expect(judge(evidence())).toEqual({
      verdict: 'PROVEN',
      reason: 'restored, logged in, 1 critical checks passed, 100 rows compared equal',
    });
  });

  it('is said though a check of severity warning did not pass', () => {
    const checks = [check('one'), check('two', { severity: 'warning', passed: false })];
    expect(judge(evidence({ checks })).verdict).toBe('PROVEN');
  });

  it('is said though the instance could not be removed: that is not the point’s fault', () => {
    expect(judge(evidence({ troubles: trouble('AccessDenied') })).verdict).toBe('PROVEN');
  });

  it('is said of an empty database whose emptiness was compared', () => {
    const empty = { ...table, exact: 0, oneByOne: 0, undecided: 0, written: 0 };
    expect(
      judge(evidence({ rowsAtBackup: 0, comparisons: [{ item: 0, finding: finding({ tables: [empty] }) }] })).verdict,
    ).toBe('PROVEN');
  });
});

describe('INCONCLUSIVE', () => {
  it.each<[string, Partial<Evidence>, string]>([
    ['there was nothing to verify', { recoveryPoint: undefined }, 'no recovery point'],
    ['nobody logged in', { login: undefined }, 'nobody logged in'],
    ['no checks are configured', { checks: [] }, 'no checks'],
    ['all checks are mere warnings', { checks: [check('one', { severity: 'warning' })] }, 'no critical checks'],
    [
      'a critical check was not answered',
      { checks: [check('one'), { name: 'two', severity: 'critical', result: undefined }] },
      'not answered: two',
    ],
    [
      'there are no fingerprints',
      { fingerprintMissing: 'before the snapshot: LoginRefused', comparisons: [] },
      'no fingerprints',
    ],
    [
      'a comparison was not made',
      {
        comparisons: [
          { item: 'schema', finding: finding() },
          { item: 0, finding: undefined },
        ],
      },
      '1 of 2 comparisons',
    ],
    ['there was nothing to compare', { comparisons: [] }, 'nothing was there to compare'],
    [
      'no row could be compared',
      { comparisons: [{ item: 0, finding: finding({ tables: [{ ...table, exact: 0, notCompared: 'rewritten' }] }) }] },
      'none of 106 rows',
    ],
  ])('is said where %s', (_, change, reason) => {
    const judgement = judge(evidence(change));
    expect(judgement.verdict).toBe('INCONCLUSIVE');
    expect(judgement.reason).toContain(reason);
  });

  it.each([
    ['no checks are configured', { checks: [] }, false],
    ['no critical checks are', { checks: [check('a', { severity: 'warning' })] }, false],
    ['the backup has no fingerprints', { fingerprintMissing: 'x', comparisons: [] }, false],
    ['there was nothing to compare', { comparisons: [] }, false],
    ['no row can be compared', { comparisons: [{ item: 0, finding: finding({ tables: [] }) }] }, false],
    ['a comparison was not made', { comparisons: [{ item: 0, finding: undefined }] }, true],
    ['there was no recovery point yet', { recoveryPoint: undefined }, true],
    ['nobody logged in', { login: undefined }, true],
  ] as [string, Partial<Evidence>, boolean][])(
    'where %s also says whether to try again is worth it',
    (_, change, worthRepeating) => {
      expect(judge(evidence(change))).toMatchObject({ verdict: 'INCONCLUSIVE', worthRepeating });
    },
  );

  it.each([
    'InstanceQuotaExceededFault',
    'AccessDenied',
    'ThrottlingException',
    'RestoreLate',
    'RestoreHindered',
    'DatabaseUnreachable',
    'QueryTimedOut',
    'InstanceForeign',
  ])('is said where %s kept us from testing, with its cause', (error) => {
    const judgement = judge(evidence({ login: undefined, troubles: trouble(error) }));
    expect(judgement).toEqual({
      verdict: 'INCONCLUSIVE',
      reason: `nobody logged in to a restored copy (some step: ${error}: it happened)`,
      worthRepeating: true,
    });
  });
});

describe('FAILED', () => {
  it.each(['SnapshotMissing', 'KeyUnusable', 'RestoreFailed', 'LoginRefused', 'CredentialMissing', 'DatabaseMissing'])(
    'is said where %s',
    (error) => {
      expect(judge(evidence({ login: undefined, troubles: trouble(error) }))).toEqual({
        verdict: 'FAILED',
        reason: `some step: ${error}: it happened`,
      });
    },
  );

  it('is said where a critical check found something, by its name, expectation and finding', () => {
    const checks = [check('one'), check('every order has a customer', { passed: false, found: '3 of 10 rows' })];
    expect(judge(evidence({ checks }))).toEqual({
      verdict: 'FAILED',
      reason: 'every order has a customer (expected none; found 3 of 10 rows)',
    });
  });

  it('is said where the copy differs, by table, kind and key', () => {
    const differences = [{ in: 'public.orders', kind: 'missing' as const, key: 'id=7' }];
    const comparisons = [{ item: 0, finding: finding({ tables: [{ ...table, differences }] }) }];
    expect(judge(evidence({ comparisons }))).toEqual({ verdict: 'FAILED', reason: 'public.orders: missing id=7' });
  });

  it('is said even where other things could not be tested', () => {
    const comparisons = [
      {
        item: 'schema' as const,
        finding: finding({ differences: [{ in: 'index public.i', kind: 'definition' as const }] }),
      },
      { item: 0, finding: undefined },
    ];
    expect(
      judge(evidence({ comparisons, checks: [{ name: 'one', severity: 'critical', result: undefined }] })).verdict,
    ).toBe('FAILED');
  });

  it('tells the first five findings and counts the others', () => {
    const checks = Array.from({ length: 8 }, (_, n) => check(`check ${n}`, { passed: false }));
    expect(judge(evidence({ checks })).reason).toMatch(/check 4.*; and 3 more$/);
  });
});
