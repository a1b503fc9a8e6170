import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Part } from '../../../shared/kafka/archive.ts';
import type { RestorePart } from '../../../shared/kafka/restore.ts';
import { PARTS_OF_SHARE, restoreShares, SHARES_AT_ONCE, startWeighing } from '../../../shared/kafka/restore-shares.ts';

const weight = fc.record({ bytes: fc.integer({ min: 0, max: 2 ** 40 }), indexes: fc.integer({ min: 0, max: 3000 }) });

describe('the shares of a restore', () => {
  it('have every part once, none too many of them, and look back as far as one of theirs needs', () => {
    fc.assert(
      fc.property(fc.array(weight, { minLength: 1, maxLength: 300 }), (weights) => {
        const shares = restoreShares(weights, { atOnce: 4, most: 10 });
        expect(shares.flatMap(({ parts }) => parts).toSorted((a, b) => a - b)).toEqual([...weights.keys()]);
        expect(shares).toHaveLength(Math.min(weights.length, Math.max(4, Math.ceil(weights.length / 10))));
        for (const { parts, indexes } of shares) {
          expect(parts.length).toBeLessThanOrEqual(10);
          expect(indexes).toBe(Math.max(...parts.map((part) => weights[part]?.indexes ?? -1)));
        }
      }),
    );
  });

  it('are a hundred of ten thousand partitions, named in less than a kilobyte, and equally heavy', () => {
    const weights = Array.from({ length: 10_000 }, (_, at) => ({ bytes: ((at * 7919) % 1000) * 1e6, indexes: 1 }));
    const shares = restoreShares(weights);
    expect(shares).toHaveLength(100);
    expect(Math.max(...shares.map(({ parts }) => parts.length))).toBeLessThanOrEqual(PARTS_OF_SHARE);
    expect(JSON.stringify(shares.map((_, number) => number)).length).toBeLessThan(1000);
    const bytes = shares.map(({ parts }) => parts.reduce((sum, part) => sum + (weights[part]?.bytes ?? 0), 0));
    expect(Math.max(...bytes) / Math.min(...bytes)).toBeLessThan(1.1);
  });

  it('leave a partition alone that is as heavy as all others, and have one each where there are few', () => {
    const weights = Array.from({ length: 500 }, (_, at) => ({ bytes: at === 250 ? 1e12 : 1e9, indexes: 1 }));
    const shares = restoreShares(weights);
    expect(shares).toHaveLength(SHARES_AT_ONCE);
    expect(shares.find(({ parts }) => parts.includes(250))?.parts).toEqual([250]);
    expect(restoreShares(weights.slice(0, 3)).map(({ parts }) => parts)).toEqual([[0], [1], [2]]);
  });

  it('leave room for the events of a day in the history of the machine', () => {
    const shares = 10_000 / PARTS_OF_SHARE;
    expect(shares * 12 + SHARES_AT_ONCE * 96 * 7).toBeLessThan(20_000);
  });
});

describe('the weight of a part', () => {
  const part = (more: Partial<RestorePart> = {}): RestorePart => ({
    ...{ topic: 'orders', topicId: 'an-id', partition: 0, as: 'orders', base: 0 },
    ...more,
  });
  const archived = (partition: number, from: number, bytes: number, more: Partial<Part> = {}) => ({
    ...{ topic: 'orders', topicId: 'an-id', partition, from, to: from + 10, at: 0, bytes, batches: 1, records: 10 },
    ...{ transactions: false, maxTimestamp: 0, sha256: '' },
    ...more,
  });
  const index = (...parts: Part[]) => ({
    segments: parts.map((each) => ({
      artifact: { uri: 's3://vault/a', bytes: 1, sha256: '', crc64nvme: '', writer: 'lifeboat' as const },
      parts: [each],
    })),
  });

  it('is what the indexes have of its range, and how far back they are', () => {
    const weighing = startWeighing([
      part(),
      part({ partition: 1 }),
      part({ offsets: { from: 20 } }),
      part({ partition: 2 }),
      part({ as: 'copy' }),
    ]);
    weighing.add(index(archived(0, 20, 7)));
    weighing.add(index(archived(0, 10, 5), archived(1, 0, 100), archived(1, 0, 1, { topicId: 'another' })));
    weighing.add(index(archived(3, 0, 9)));
    expect(weighing.weights).toEqual([
      { bytes: 12, indexes: 2 },
      { bytes: 100, indexes: 2 },
      { bytes: 7, indexes: 1 },
      { bytes: 0, indexes: 0 },
      { bytes: 12, indexes: 2 },
    ]);
  });
});
