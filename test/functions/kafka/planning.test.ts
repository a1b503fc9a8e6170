import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planArchive, type Standing, shareOut } from '../../../functions/kafka/planning.ts';
import type { PartitionRange, Positions } from '../../../shared/kafka/archive.ts';
import { wants } from '../../../shared/kafka/patterns.ts';

const topic = (id: string, ranges: [number, number][]): Standing => ({
  ...{ id, name: 'orders' },
  ranges: new Map(ranges.map(([from, to], partition) => [partition, { from, to }])),
});
const archived = (id: string, ...next: number[]): Positions => ({
  [id]: { topic: 'orders', next: Object.fromEntries(next.entries()) },
});
const plain = ({ partition, from, to }: PartitionRange) => [partition, from, to];

describe('what is to be archived', () => {
  it('is everything that is there at first, and from where it ended afterwards', () => {
    const first = planArchive(
      [
        topic('a', [
          [0, 5],
          [3, 9],
          [7, 7],
        ]),
      ],
      {},
    );
    expect(first.ranges.map(plain)).toEqual([
      [0, 0, 5],
      [1, 3, 9],
    ]);
    expect(first.gaps).toEqual([]);
    expect(first.next).toEqual(archived('a', 5, 9, 7));
    const second = planArchive(
      [
        topic('a', [
          [0, 6],
          [3, 9],
          [7, 7],
        ]),
      ],
      first.next,
    );
    expect(second.ranges.map(plain)).toEqual([[0, 5, 6]]);
  });

  it('leaves out what the brokers dropped, and says so', () => {
    const { ranges, gaps } = planArchive([topic('a', [[8, 12]])], archived('a', 5));
    expect(ranges.map(plain)).toEqual([[0, 8, 12]]);
    expect(gaps).toMatchObject([{ from: 5, to: 8, why: 'trimmed' }]);
  });

  it('notices brokers that lost what was archived, and archives what comes in its place', () => {
    const { ranges, gaps, next } = planArchive([topic('a', [[0, 3]])], archived('a', 5));
    expect(ranges).toEqual([]);
    expect(gaps).toMatchObject([{ from: 3, to: 5, why: 'rewound' }]);
    expect(planArchive([topic('a', [[0, 4]])], next).ranges.map(plain)).toEqual([[0, 3, 4]]);
  });

  it('begins anew with a topic that was made again, and with partitions that were added', () => {
    const made = planArchive([topic('b', [[0, 2]])], archived('a', 5));
    expect(made.ranges.map(plain)).toEqual([[0, 0, 2]]);
    expect(made.gaps).toMatchObject([{ topicId: 'a', from: 5, to: 5, why: 'recreated' }]);
    expect(
      planArchive(
        [
          topic('a', [
            [0, 5],
            [0, 2],
          ]),
        ],
        archived('a', 5),
      ).ranges.map(plain),
    ).toEqual([[1, 0, 2]]);
  });

  it('is, whatever came before, every offset once: archived, recorded as lost, or still to come', () => {
    const partition = fc.record({
      archived: fc.option(fc.nat(50), { nil: undefined }),
      from: fc.nat(50),
      length: fc.nat(50),
    });
    fc.assert(
      fc.property(fc.array(partition, { minLength: 1, maxLength: 5 }), (partitions) => {
        const before: Positions = {
          a: {
            topic: 'orders',
            next: Object.fromEntries(
              partitions.flatMap(({ archived: at }, number) => (at === undefined ? [] : [[number, at]])),
            ),
          },
        };
        const { ranges, gaps, next } = planArchive(
          [
            topic(
              'a',
              partitions.map(({ from, length }) => [from, from + length]),
            ),
          ],
          before,
        );
        for (const [number, { archived: at, from, length }] of partitions.entries()) {
          const to = from + length;
          const range = ranges.find((each) => each.partition === number);
          const gap = gaps.find((each) => each.partition === number);
          const begin = range?.from ?? to;
          expect(next.a?.next[number]).toBe(to);
          expect(range?.to ?? to).toBe(to);
          expect(begin).toBeGreaterThanOrEqual(from);
          if (at === undefined) expect([begin, gap]).toEqual([from, undefined]);
          else if (at < from) expect(gap).toMatchObject({ from: at, to: from, why: 'trimmed' });
          else if (at > to) expect(gap).toMatchObject({ from: to, to: at, why: 'rewound' });
          else expect([begin, gap]).toEqual([at, undefined]);
        }
      }),
    );
  });
});

describe('shares', () => {
  const range = (partition: number, to: number): PartitionRange => ({
    ...{ topicId: 'a', topic: 'orders', partition, from: 0, to },
  });

  it('hold every partition once, none is empty, and none is much larger than it has to be', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 })), fc.integer({ min: 1, max: 8 }), (sizes, most) => {
        const ranges = sizes.map((size, partition) => range(partition, size));
        const shares = shareOut(ranges, most);
        expect(shares.flat().toSorted((a, b) => a.partition - b.partition)).toEqual(ranges);
        expect(shares.every((share) => share.length > 0)).toBe(true);
        expect(shares.length).toBe(Math.min(most, ranges.length));
        const loads = shares.map((share) => share.reduce((sum, { to }) => sum + to, 0));
        const total = sizes.reduce((sum, size) => sum + size, 0);
        if (loads.length > 0) expect(Math.max(...loads)).toBeLessThanOrEqual(total / loads.length + Math.max(...sizes));
      }),
    );
  });
});

describe('topics that are wanted', () => {
  it('are named, or match, and are not excluded; a dot is a dot', () => {
    const wanted = wants({ include: ['orders', 'audit.*'], exclude: ['*.internal'] });
    expect(['orders', 'audit.log', 'audit.a.b'].map(wanted)).toEqual([true, true, true]);
    expect(['orders2', 'auditXlog', 'audit.internal', 'myorders'].map(wanted)).toEqual([false, false, false, false]);
  });
});
