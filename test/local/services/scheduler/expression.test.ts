import { describe, expect, it } from 'vitest';
import { parseExpression } from '../../../../local/services/scheduler/expression.ts';

const NOW = new Date('2026-11-20T00:00:00Z'); // a Friday
const nextOf = (text: string, after = NOW, zone = 'UTC'): string | undefined =>
  parseExpression(text, zone, NOW).next(after)?.toISOString().replace('.000Z', 'Z');

describe('a schedule expression', () => {
  it.each([
    ['cron(0 2 * * ? *)', '2026-11-20T02:00:00Z'],
    ['cron(0 3 ? * SUN *)', '2026-11-22T03:00:00Z'],
    ['cron(0 3 ? * 1 *)', '2026-11-22T03:00:00Z'],
    ['cron(0 3 ? * 2-6 *)', '2026-11-20T03:00:00Z'],
    ['cron(0 3 ? * 6L *)', '2026-11-27T03:00:00Z'],
    ['cron(0 3 ? * L *)', '2026-11-21T03:00:00Z'],
    ['cron(0 3 ? * 2#1 *)', '2026-12-07T03:00:00Z'],
    ['cron(0 3 L * ? *)', '2026-11-30T03:00:00Z'],
    ['cron(0 3 22W * ? *)', '2026-11-23T03:00:00Z'],
    ['cron(0/15 * * * ? *)', '2026-11-20T00:15:00Z'],
    ['cron(0 12 1 JAN,JUL ? 2027-2028)', '2027-01-01T12:00:00Z'],
    ['cron(0 0 1 1 ? 2020)', undefined],
    ['rate(5 minutes)', '2026-11-20T00:05:00Z'],
    ['rate(1 day)', '2026-11-21T00:00:00Z'],
  ])('%s runs next at %s', (text, expected) => {
    expect(nextOf(text)).toBe(expected);
  });

  it('keeps the rhythm of a rate from its start', () => {
    expect(nextOf('rate(7 minutes)', new Date('2026-11-20T00:15:00Z'))).toBe('2026-11-20T00:21:00Z');
    expect(nextOf('rate(7 minutes)', new Date('2026-11-19T00:00:00Z'))).toBe('2026-11-20T00:00:00Z');
  });

  it('is read in its time zone', () => {
    expect(nextOf('cron(0 2 * * ? *)', NOW, 'America/New_York')).toBe('2026-11-20T07:00:00Z');
  });

  it.each([
    'cron(0 2 * * *)',
    'cron(0 2 * * * *)',
    'cron(0 2 ? * ? *)',
    'cron(60 2 * * ? *)',
    'cron(0 25 * * ? *)',
    'cron(0 2 32 * ? *)',
    'cron(0 2 ? * 0 *)',
    'cron(0 2 ? * 8 *)',
    'cron(0 2 ? * FUN *)',
    'cron(0 2 * FOO ? *)',
    'cron(0 2 L-3 * ? *)',
    'cron(0 2 * * ? 1969)',
    'cron(@daily)',
    'rate(0 minutes)',
    'rate(5 seconds)',
    'rate(5)',
    'at(2026-12-24T18:00:00)',
    'every day',
  ])('refuses %s', (text) => {
    expect(() => nextOf(text)).toThrow(expect.objectContaining({ name: 'ValidationException' }));
    expect(() => nextOf(text)).toThrow(text);
  });

  it('refuses a time zone that does not exist', () => {
    expect(() => nextOf('cron(0 2 * * ? *)', NOW, 'Mars/Olympus')).toThrow(
      expect.objectContaining({ name: 'ValidationException' }),
    );
  });
});
