import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { confirm, judge } from '../../../functions/recovery/judgement.ts';
import { SAYS, type Signal } from '../../../shared/recovery/assessment.ts';

const signal = (says: Signal['says'], weight = 1, name = says as string): Signal => ({
  name,
  says,
  weight,
  evidence: `${name} seen`,
  milliseconds: 1,
});
const signals = fc.array(fc.tuple(fc.constantFrom(...SAYS), fc.integer({ min: 1, max: 5 })), { maxLength: 8 });
const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
const look = (minute: number, verdict: 'healthy' | 'degraded' | 'down' | 'unknown') => ({ at: at(minute), verdict });

describe('a verdict', () => {
  it('is healthy only where nothing that answered says down', () => {
    fc.assert(
      fc.property(signals, (list) => {
        const { verdict } = judge(
          list.map(([says, weight]) => signal(says, weight)),
          0.6,
        );
        if (verdict === 'healthy') expect(list.filter(([says]) => says === 'down')).toEqual([]);
        if (verdict === 'down') expect(list.filter(([says]) => says === 'down').length).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it('is down when the quorum of the weight that answered says so', () => {
    expect(judge([signal('down', 3), signal('down', 3), signal('up', 4)], 0.6).verdict).toBe('down');
    expect(judge([signal('down', 2), signal('down', 3), signal('up', 5)], 0.6).verdict).toBe('degraded');
  });

  it('is never down by the word of one signal alone', () => {
    expect(judge([signal('down', 9), signal('up', 1)], 0.6).verdict).toBe('degraded');
  });

  it('is unknown where most of the weight could not be asked, and says who could not', () => {
    const { verdict, confidence, reasons } = judge([signal('down'), signal('unknown', 2, 'RDS API')], 0.6);
    expect(verdict).toBe('unknown');
    expect(confidence).toBeCloseTo(1 / 3);
    expect(reasons).toEqual(['down: down seen', 'RDS API could not be asked: RDS API seen']);
  });

  it('has no confidence without signals', () => {
    expect(judge([], 0.6)).toMatchObject({ verdict: 'unknown', confidence: 0 });
  });
});

describe('a row of assessments', () => {
  it('confirms the second "down" in a row, and tells since when', () => {
    expect(confirm(look(1, 'down'), [look(0, 'down')], 2, 600)).toEqual({
      ...{ confirmed: true, since: at(0), downSince: at(0) },
    });
  });

  it('does not confirm the first', () => {
    expect(confirm(look(1, 'down'), [look(0, 'healthy')], 2, 600)).toEqual({
      ...{ confirmed: false, since: at(1), downSince: at(1) },
    });
  });

  it('is broken by an assessment that said something else', () => {
    expect(confirm(look(2, 'down'), [look(1, 'unknown'), look(0, 'down')], 2, 600).confirmed).toBe(false);
    expect(confirm(look(2, 'down'), [look(1, 'degraded'), look(0, 'down')], 2, 600).confirmed).toBe(false);
  });

  it('is broken by a gap: two looks an hour apart are not two in a row', () => {
    expect(confirm({ at: at(59), verdict: 'down' }, [look(0, 'down')], 2, 600)).toEqual({
      confirmed: false,
      since: at(59),
      downSince: at(59),
    });
  });

  it('begins with the first degraded look that led to it, and is down since the first that said so', () => {
    expect(confirm(look(3, 'down'), [look(2, 'down'), look(1, 'degraded'), look(0, 'healthy')], 2, 600)).toEqual({
      confirmed: true,
      since: at(1),
      downSince: at(2),
    });
    expect(confirm(look(1, 'degraded'), [look(0, 'down')], 2, 600)).toEqual({ confirmed: false, since: at(0) });
  });

  it('has no beginning while all is well', () => {
    expect(confirm(look(1, 'healthy'), [look(0, 'down')], 2, 600)).toEqual({ confirmed: false });
  });
});
