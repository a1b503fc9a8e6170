import { describe, expect, it } from 'vitest';
import type { Definition, Plan, Sequence } from '../../../functions/verification/fingerprint-document.ts';
import { compareDefinitions, compareSequences } from '../../../functions/verification/schema-comparison.ts';

const plan = (change: Partial<Plan>): Plan => ({ definitions: [], sequences: [], ...change }) as unknown as Plan;
const definition = (digest: string, version = '1'): Definition => ({
  kind: 'view',
  name: 'public.rich',
  digest,
  version,
});
const sequence = (value: string | null, change: Partial<Sequence> = {}): Sequence => ({
  name: 'public.s',
  value,
  increment: '1',
  cache: '1',
  cycle: false,
  ...change,
});

const definitions = (before: Definition[], after: Definition[], copy: Definition[]) =>
  compareDefinitions(plan({ definitions: before }), plan({ definitions: after }), copy);
const sequences = (before: Sequence, after: Sequence, copy: Sequence) => {
  const { objects, differences } = compareSequences(plan({ sequences: [before] }), plan({ sequences: [after] }), [
    copy,
  ]);
  return differences.length > 0 ? 'differs' : objects > 0 ? 'equal' : 'not compared';
};

describe('a definition', () => {
  it('that stayed has to be in the copy as it was', () => {
    expect(definitions([definition('a')], [definition('a')], [definition('a')])).toMatchObject({
      objects: 1,
      differences: [],
    });
    expect(definitions([definition('a')], [definition('a')], [definition('b')]).differences).toMatchObject([
      { in: 'view public.rich', found: 'b' },
    ]);
    expect(definitions([definition('a')], [definition('a')], []).differences).toMatchObject([
      { found: 'nothing of this name' },
    ]);
  });

  it('that changed while the backup was made is not compared, nor one that changed and changed back', () => {
    for (const after of [definition('b'), definition('a', '2')]) {
      expect(definitions([definition('a')], [after], [definition('b')])).toMatchObject({
        objects: 0,
        differences: [],
        notCompared: [{ name: 'view public.rich' }],
      });
    }
  });

  it('that was made or dropped while the backup was made accuses nobody', () => {
    expect(definitions([], [definition('a')], [definition('a')]).differences).toEqual([]);
    expect(definitions([definition('a')], [], []).differences).toEqual([]);
  });
});

describe('a sequence', () => {
  it.each<[string, Sequence, Sequence, Sequence, string]>([
    ['stands where it stood', sequence('10'), sequence('10'), sequence('10'), 'equal'],
    ['stands between both readings', sequence('10'), sequence('50'), sequence('30'), 'equal'],
    ['runs ahead by what PostgreSQL logs', sequence('10'), sequence('10'), sequence('42'), 'equal'],
    ['runs ahead by more', sequence('10'), sequence('10'), sequence('44'), 'differs'],
    ['was set back in the copy', sequence('10'), sequence('10'), sequence('9'), 'differs'],
    ['lost its state', sequence('10'), sequence('10'), sequence(null), 'differs'],
    ['was never used', sequence(null), sequence(null), sequence(null), 'equal'],
    ['was used for the first time meanwhile', sequence(null), sequence('5'), sequence('3'), 'equal'],
    ['was set back by its owner meanwhile', sequence('10'), sequence('5'), sequence('1'), 'not compared'],
    ['goes in circles', sequence('10', { cycle: true }), sequence('5', { cycle: true }), sequence('1'), 'not compared'],
    [
      'counts down',
      sequence('-10', { increment: '-1' }),
      sequence('-20', { increment: '-1' }),
      sequence('-15'),
      'equal',
    ],
    [
      'counts down and was set back',
      sequence('-10', { increment: '-1' }),
      sequence('-20', { increment: '-1' }),
      sequence('-5'),
      'differs',
    ],
  ])('that %s', (_, before, after, copy, expected) => {
    expect(sequences(before, after, copy)).toBe(expected);
  });
});
