import { describe, expect, it } from 'vitest';
import { compared, forecast } from '../../../shared/recovery/drill-trends.ts';
import { type Drill, type DrillResult, drillId } from '../../../shared/recovery/drills.ts';

const day = (text: string): Date => new Date(`${text}T09:00:00Z`);
const OBJECTIVES = { rto: 3600, rpo: 900 };

describe('a forecast', () => {
  it('follows what grows as it did to the day on which it is too much', () => {
    const measured = [
      { at: day('2026-01-01'), seconds: 1000 },
      { at: day('2026-01-11'), seconds: 1100 },
      { at: day('2026-01-21'), seconds: 1200 },
    ];
    expect(forecast(measured, 3600)).toEqual(day('2026-09-18'));
  });

  it('of what does not grow, of too little, or of what is too far off is none', () => {
    const level = ['2026-01-01', '2026-02-01', '2026-03-01'].map((text) => ({ at: day(text), seconds: 100 }));
    expect(forecast(level, 3600)).toBeUndefined();
    expect(forecast(level.slice(0, 2), 3600)).toBeUndefined();
    expect(forecast([], 3600)).toBeUndefined();
    const slow = level.map(({ at }, index) => ({ at, seconds: 100 + index }));
    expect(forecast(slow, 3600)).toBeUndefined();
    expect(
      forecast(
        slow.map((each) => ({ ...each, at: day('2026-01-01') })),
        3600,
      ),
    ).toBeUndefined();
  });

  it('of what is too much already is the day of the newest', () => {
    const over = [3000, 3500, 4000].map((seconds, index) => ({ at: day(`2026-01-0${index + 1}`), seconds }));
    expect(forecast(over, 3600)).toEqual(day('2026-01-03'));
  });
});

const drill = (kind: Drill['kind'], date: string, result: Partial<DrillResult>): Drill => ({
  id: drillId(kind, 'copy', day(date)),
  ...{ kind, mode: 'copy', dueAt: day(date).toISOString(), endedAt: day(date).toISOString(), lessons: [] },
  result: {
    outcome: 'passed',
    rtoSeconds: null,
    rpoSeconds: null,
    phases: {},
    databaseBytes: null,
    tasks: [],
    ...result,
  },
});

describe('a drill compared', () => {
  const full = drill('full', '2026-07-15', { rtoSeconds: 1200, rpoSeconds: 4 });
  const surprise = drill('surprise', '2026-10-09', { rtoSeconds: 1500, rpoSeconds: 6 });

  it('stands beside the last one that did the same and was measured, not beside one that did less', () => {
    const stopped = drill('full', '2026-09-15', { outcome: 'stopped' });
    const partial = drill('partial', '2026-08-15', { rtoSeconds: 10, rpoSeconds: 1 });
    expect(compared(surprise, [full, partial, stopped, surprise], OBJECTIVES)).toEqual([
      'RTO 1500 s, objective 3600 s; 1200 s in drill-20260715-full',
      'RPO 6 s, objective 900 s; 4 s in drill-20260715-full',
    ]);
  });

  it('says where its figures lead, once there are enough of them', () => {
    const earlier = drill('full', '2026-04-15', { rtoSeconds: 900, rpoSeconds: 4 });
    const lines = compared(surprise, [earlier, full, surprise], OBJECTIVES);
    expect(lines).toContainEqual(expect.stringMatching(/^RTO: as it grows, more than its objective from 202[78]-/));
  });

  it('that measured nothing says nothing', () => {
    expect(compared(drill('tabletop', '2026-01-15', {}), [], OBJECTIVES)).toEqual([]);
  });
});
