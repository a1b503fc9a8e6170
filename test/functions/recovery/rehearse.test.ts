// The calendar of drills through its years: what is announced, begun, put off and missed. Drills themselves are gone through
// in test/e2e/drill.test.ts.
import { DescribeExecutionCommand, type ExecutionStatus, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import lessonSample from '../../../events/samples/recovery/note-lesson.json' with { type: 'json' };
import { handler as noteLesson } from '../../../functions/recovery/note-lesson.ts';
import type { Rehearsed } from '../../../functions/recovery/rehearsals.ts';
import { handler } from '../../../functions/recovery/rehearse.ts';
import { type Assessment, assessmentKey } from '../../../shared/recovery/assessment.ts';
import { type Epoch, epochKey } from '../../../shared/recovery/documents.ts';
import { type Drill, Drills, drillsKey } from '../../../shared/recovery/drills.ts';
import { RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', async () => {
  const { default: shop } = await import('../../support/recovery.config.ts');
  const { Recovery } = await import('../../../shared/config/recovery.ts');
  const drills = [
    { kind: 'tabletop', schedule: 'cron(0 9 8 1 ? *)' },
    { kind: 'partial', schedule: 'cron(0 9 8 4 ? *)' },
    { kind: 'full', schedule: 'cron(0 9 8 7 ? *)', mode: 'real' },
    { kind: 'surprise', schedule: 'cron(0 0 1 10 ? *)' },
  ];
  const { objectives: _, targets: __, approval: ___, assessment: ____, canary: _____, ...rest } = shop.recovery;
  const recovery = Recovery.parse({
    objectives: { rto: '1 hour', rpo: '15 minutes' },
    approval: {},
    assessment: { schedule: 'rate(1 minute)', probes: [{ name: 'orders', url: 'https://orders.shop.example/health' }] },
    canary: { schedule: 'rate(1 minute)' },
    drills,
    database: { source: 'shop-db', fence: { roles: ['shop_app'] } },
    endpoints: [{ name: 'orders', url: 'https://orders.shop.example/health' }],
  });
  return { default: { ...shop, recovery: { ...rest, ...recovery } } };
});

let region: RecoveryRegion;
let started: { name: string | undefined; input: object }[];
let execution: ExecutionStatus;
beforeEach(() => {
  region = recoveryRegion();
  started = [];
  execution = 'RUNNING';
  mockClient(SFNClient)
    .on(StartExecutionCommand)
    .callsFake(({ name, input }) => {
      started.push({ name, input: JSON.parse(input) });
      return {};
    })
    .on(DescribeExecutionCommand)
    .callsFake(() => ({ status: execution }));
});
afterEach(() => vi.useRealTimers());

const rehearse = async (at: string, verdict: Assessment['verdict'] = 'healthy'): Promise<Rehearsed> => {
  region.setTime(at);
  const seen = new Date(Date.parse(at) - 30_000);
  const assessment: Assessment = {
    ...{ at: seen.toISOString(), verdict, confidence: 1, reasons: [], signals: [], confirmed: false },
    ...{ dataLossSeconds: {}, readiness: [] },
  };
  await region.vault.place(assessmentKey(seen), JSON.stringify(assessment));
  return (await invoke(handler, {})) as Rehearsed;
};
const drills = (): Drill[] => Drills.parse(JSON.parse(region.vault.text(drillsKey(RECOVERY))));
const subjects = (): string[] => region.messages.map(({ subject }) => subject ?? '');

describe('the calendar of drills', () => {
  it('announces a drill a week before, once, and begins it when it is due, once', async () => {
    await rehearse('2027-04-08T09:10:00Z');
    await rehearse('2027-04-08T09:25:00Z');
    expect(subjects().filter((subject) => subject.includes('begins 2027-04-15T09:00'))).toHaveLength(1);
    expect(started).toEqual([]);
    expect(await rehearse('2027-04-15T09:10:00Z')).toMatchObject({ begun: ['drill-20270408-partial'] });
    await rehearse('2027-04-15T09:25:00Z');
    expect(started).toEqual([
      {
        name: 'drill-20270408-partial',
        input: expect.objectContaining({ failoverId: 'drill-20270408-partial', drill: 'partial' }),
      },
    ]);
  });

  it('begins what is to be for real as a failover, with the name of the platform', async () => {
    await rehearse('2027-07-08T09:10:00Z');
    expect(subjects()[0]).toContain('FOR REAL');
    await rehearse('2027-07-15T09:10:00Z');
    expect(started[0]?.input).toMatchObject({ failoverId: 'rehearsal-20270708-full', override: 'shop' });
    expect(started[0]?.input).not.toHaveProperty('drill');
  });

  it('hands a tabletop out with the questions that only people can answer, and is done with it', async () => {
    await rehearse('2027-01-08T09:10:00Z');
    await rehearse('2027-01-15T09:10:00Z');
    expect(region.messages.at(-1)?.text).toMatch(/no plan was made yet.*Place a test order/s);
    expect(drills()).toMatchObject([{ kind: 'tabletop', result: { outcome: 'handed out' } }]);
    expect(started).toEqual([]);
  });

  it('draws a moment within the window for a surprise, and tells nobody', async () => {
    await rehearse('2027-10-01T00:10:00Z');
    const [{ dueAt = '' } = {}] = drills();
    expect(Date.parse(dueAt)).toBeGreaterThanOrEqual(Date.parse('2027-10-01T00:00:00Z'));
    expect(Date.parse(dueAt)).toBeLessThan(Date.parse('2027-10-31T00:00:00Z'));
    await rehearse('2027-10-01T12:10:00Z');
    expect(drills()[0]?.dueAt).toBe(dueAt);
    expect(region.messages).toEqual([]);
    await rehearse(new Date(Date.parse(dueAt) + 60_000).toISOString());
    expect(started[0]?.input).toMatchObject({ drill: 'surprise' });
  });

  it.each(['degraded', 'down', 'unknown'] as const)('waits while the other region is %s', async (verdict) => {
    await rehearse('2027-04-08T09:10:00Z');
    const { waiting } = await rehearse('2027-04-15T09:10:00Z', verdict);
    expect(waiting).toEqual([expect.stringContaining(`is ${verdict}`)]);
    expect(started).toEqual([]);
    expect(await rehearse('2027-04-15T10:10:00Z')).toMatchObject({ begun: ['drill-20270408-partial'] });
  });

  it('tells of a drill that could not begin within a day', async () => {
    await rehearse('2027-04-08T09:10:00Z');
    await rehearse('2027-04-16T09:10:00Z', 'degraded');
    expect(drills()).toMatchObject([{ result: { outcome: 'missed', tasks: [expect.stringContaining('degraded')] } }]);
    expect(subjects().at(-1)).toContain('missed');
    expect(started).toEqual([]);
  });

  it('begins nothing while a failover runs, or where the platform lives', async () => {
    await rehearse('2027-04-08T09:10:00Z');
    await region.declared();
    expect((await rehearse('2027-04-15T09:10:00Z')).waiting).toHaveLength(1);
    await region.declared({ status: 'done', endedAt: '2027-04-15T09:20:00Z' });
    expect((await rehearse('2027-04-15T09:25:00Z')).waiting[0]).toContain('the platform lives here');
    expect(started).toEqual([]);
  });

  it('plans nothing twice for a time that is long past', async () => {
    await rehearse('2027-05-01T09:10:00Z');
    expect(region.messages).toEqual([]);
    expect(region.vault.text(drillsKey(RECOVERY))).toBe('');
  });

  it('keeps what a move for real measured, once it is over', async () => {
    await rehearse('2027-07-08T09:10:00Z');
    await rehearse('2027-07-15T09:10:00Z');
    const id = 'rehearsal-20270708-full';
    const epoch: Partial<Epoch> = { failoverId: id, declaredAt: '2027-07-15T09:10:30.000Z' };
    await region.declared(epoch);
    await rehearse('2027-07-15T09:25:00Z');
    expect(drills()[0]?.result).toBeUndefined();
    await region.vault.place(
      `recovery/${id}/phases/database.json`,
      JSON.stringify({
        ...{ phase: 'database', startedAt: '2027-07-15T09:10:30.000Z', endedAt: '2027-07-15T09:12:30.000Z' },
        ...{ attempts: 1, facts: { lossSeconds: 0 } },
      }),
    );
    await region.declared({ ...epoch, status: 'done', endedAt: '2027-07-15T09:30:00Z' });
    await rehearse('2027-07-15T09:40:00Z');
    expect(drills()[0]?.result).toMatchObject({ outcome: 'passed', rtoSeconds: 120, rpoSeconds: 0 });
  });

  it('does the rest where one thing fails, and says what did', async () => {
    await region.vault.place(epochKey(`drill-${RECOVERY}`), '{}');
    await expect(rehearse('2027-04-08T09:10:00Z')).rejects.toThrow(/not everything.*what dead drills left/s);
    expect(subjects()).toHaveLength(1);
  });
});

describe('a lesson', () => {
  it('is written down beside its drill, once', async () => {
    await rehearse('2027-07-08T09:10:00Z');
    const lesson = { ...lessonSample, drill: 'rehearsal-20270708-full' };
    await invoke(noteLesson, lesson);
    await invoke(noteLesson, lesson);
    expect(drills()[0]?.lessons).toMatchObject([{ by: 'Ada', text: lesson.text }]);
  });

  it('of a drill that never was is refused with those that were', async () => {
    await rehearse('2027-07-08T09:10:00Z');
    await expect(invoke(noteLesson, lessonSample)).rejects.toThrow(/no such drill.*rehearsal-20270708-full/s);
  });
});
