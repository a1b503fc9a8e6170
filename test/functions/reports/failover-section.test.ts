import { expect, it } from 'vitest';
import type { FailoverReport } from '../../../functions/reports/failover-gathering.ts';
import { failoverSection } from '../../../functions/reports/failover-section.ts';
import type { Facts, Phase, PhaseRecord } from '../../../shared/recovery/documents.ts';

const DECLARED = '2026-11-20T10:00:00.000Z';
const at = (seconds: number): string => new Date(Date.parse(DECLARED) + seconds * 1000).toISOString();
const phase = (name: Phase, from: number, to: number | undefined, facts: Facts, targetSeconds = 120): PhaseRecord => ({
  ...{ phase: name, startedAt: at(from), attempts: 1, facts, targetSeconds },
  ...(to === undefined ? { found: 'the replica is behind' } : { endedAt: at(to) }),
});
const pageOf = (changes: Partial<FailoverReport>): string =>
  failoverSection(
    {
      epoch: {
        ...{ epoch: 1, failoverId: 'lost', kind: 'failover', from: 'us-east-1', to: 'us-west-2', execution: 'x' },
        ...{ status: 'done', declaredAt: DECLARED, reason: 'It does not answer.' },
      },
      phases: [],
      assessments: [],
      validation: [],
      ...changes,
    },
    { rto: 3600, rpo: 900 },
  ).text;
const textOf = (changes: Partial<FailoverReport>): string => pageOf(changes).replaceAll(/<[^>]+>/g, ' ');

it('what a phase left is told in words, without what only the machine reads', () => {
  const text = textOf({
    phases: [
      phase('declare', 0, 1, { verdict: 'down', confidence: 0.5612, path: ['fence'], limits: { fence: 360 } }),
      phase('database', 5, 9, { promoted: true, behindBytes: null, observedAt: at(6), lossSeconds: 59 }),
      phase('workloads', 9, 12, { deployments: [{ name: 'order', available: 2 }], endpoints: { DATABASE_HOST: 'db' } }),
    ],
  });
  for (const words of [
    'verdict  down',
    'confidence  0.561',
    'promoted  yes',
    'behind bytes  not known',
    'observed at  10:00:06',
  ])
    expect(text).toContain(words);
  expect(text).toContain('deployments  name order, available 2');
  expect(text).toContain('endpoints  DATABASE_HOST db');
  expect(text).not.toMatch(/[{}]|limits|path/);
  expect(text).toMatch(/Data lost \(RPO\)\s+59 s\s+met/);
});

it('what comes from outside is escaped and cut', () => {
  const text = pageOf({ phases: [phase('fence', 0, 3, { found: '<script>'.repeat(100) })] });
  expect(text).not.toContain('<script>');
  expect(text).toContain(`${'&lt;script&gt;'.repeat(40)}…`);
});

it('a phase that is not done says what it waits for, and a late one is marked', () => {
  expect(textOf({ phases: [phase('database', 5, undefined, {})] })).toContain('the replica is behind');
  expect(textOf({ phases: [phase('database', 5, 300, {})] })).toMatch(/database\s+10:00:05\s+5 min\s+2 min/);
});

it('each signal says what it saw, and each point of the checklist what was found', () => {
  const text = textOf({
    assessments: [
      {
        ...{
          at: DECLARED,
          verdict: 'down',
          confidence: 1,
          reasons: [],
          confirmed: true,
          dataLossSeconds: {},
          readiness: [],
        },
        signals: [{ name: 'probe orders', says: 'down', weight: 1, evidence: 'no answer', milliseconds: 5 }],
      },
    ],
    validation: [{ group: 'data', title: 'backups are taken', result: 'failed', expected: 'a point', found: 'none' }],
  });
  expect(text).toMatch(/down, confirmed\s+100 %\s+down\s+probe orders: no answer/);
  expect(text).toContain('1 points: 0 passed, 1 failed');
  expect(text).toMatch(/data\s+backups are taken\s+failed\s+a point\s+none/);
});

it('what only the old database has is listed row by row, and what was not compared is named', () => {
  const none = {
    leftChanged: 0,
    leftDeleted: 0,
    bothChanged: 0,
    livingInserted: 0,
    livingChanged: 0,
    livingDeleted: 0,
  };
  const rejoin = {
    ...{ startedAt: at(0), comparedAt: at(60), left: 'shop-db', keptAs: 'shop-db-left' },
    tables: [
      {
        table: 'public.orders',
        rows: 90,
        leftInserted: 2,
        unexplained: 0,
        keys: [
          { kind: 'leftInserted', key: '7' },
          { kind: 'leftInserted', key: '8' },
        ],
        ...none,
      },
      { table: 'public.log', rows: 0, leftInserted: 0, unexplained: 0, keys: [], skipped: 'no primary key', ...none },
    ],
  };
  const text = textOf({ rejoin });
  expect(text).toMatch(/shop-db-left: 90 rows of 2 tables compared.*1 tables have what the living database lacks/s);
  expect(text).toMatch(/public\.orders\s+written only there\s+2\s+7, 8/);
  expect(text).toContain('public.log: not compared: no primary key');
  expect(textOf({ rejoin: { ...rejoin, tables: [] } })).toContain('no old database to compare with');
  expect(textOf({})).toContain('Not known before the old database was compared');
});
