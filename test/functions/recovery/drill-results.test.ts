import { describe, expect, it } from 'vitest';
import { resultOf } from '../../../functions/recovery/drill-results.ts';
import type { PhaseRecord } from '../../../shared/recovery/documents.ts';

const at = (seconds: number): string => new Date(Date.parse('2026-07-15T09:00:00Z') + seconds * 1000).toISOString();
const record = (
  phase: PhaseRecord['phase'],
  [from, to]: [number, number?],
  facts: PhaseRecord['facts'] = {},
): PhaseRecord => ({
  ...{ phase, startedAt: at(from), attempts: 1, facts, targetSeconds: 900 },
  ...(to === undefined ? {} : { endedAt: at(to) }),
});
const PLAN = { objectives: { rto: 3600, rpo: 900 } };
const measure = (records: PhaseRecord[], trouble?: { state: string; cause: string }) =>
  resultOf(records, new Date(at(0)), PLAN, trouble);

const WHOLE = [
  record('declare', [0, 1]),
  record('fence', [1, 3]),
  record('database', [3, 400], { lossSeconds: 4.2, bytes: 1000 }),
  record('cache', [3, 500]),
  record('health', [500, 501], { skipped: '' }),
  record('validate', [501, 700], { failed: [] }),
];

describe('what a drill measured', () => {
  it('is the time until everything that serves customers was there, what the copy lacked, and each phase', () => {
    expect(measure(WHOLE)).toEqual({
      ...{ outcome: 'passed', rtoSeconds: 501, rpoSeconds: 4.2, databaseBytes: 1000, tasks: [] },
      phases: { declare: 1, fence: 2, database: 397, cache: 497, health: 1, validate: 199 },
    });
  });

  it.each([
    ['RTO', [record('database', [0, 4000], { lossSeconds: 1 })], /^RTO 4000 s is more than its objective of 3600 s/],
    ['RPO', [record('database', [0, 1], { lossSeconds: 901 })], /^RPO 901 s is more than its objective of 900 s/],
    ['a copy without the canary', [record('database', [0, 1], { lossSeconds: null })], /^RPO could not be measured/],
    ['a slow phase', [...WHOLE, record('dns', [0, 950])], /^dns took 950 s, longer than its target of 900 s/],
    ['a failed point', [...WHOLE, record('validate', [0, 1], { failed: ['orphans: 2'] })], /^validation: orphans: 2/],
    [
      'a fence that would not close',
      [...WHOLE, record('fence', [0, 1], { trouble: 'no role shop_app' })],
      /^fence: no role/,
    ],
  ])('falls short by %s, and says what to do', (_, records, task) => {
    // The last record of a phase is the one that counts here: others are made for the case.
    const last = [...new Map(records.map((each) => [each.phase, each])).values()];
    const { outcome, tasks } = measure(last);
    expect(outcome).toBe('fell short');
    expect(tasks).toContainEqual(expect.stringMatching(task));
  });

  it('of one that stopped is what was done until then, and why', () => {
    const records = [...WHOLE.slice(0, 3), record('cache', [3])];
    expect(measure(records, { state: 'Restore the cache', cause: 'no archive' })).toMatchObject({
      ...{ outcome: 'stopped', rtoSeconds: null, rpoSeconds: 4.2 },
      tasks: ['"Restore the cache" failed: no archive'],
      phases: { database: 397 },
    });
  });
});
