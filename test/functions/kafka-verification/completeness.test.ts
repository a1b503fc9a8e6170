import { describe, expect, it } from 'vitest';
import { holesIn } from '../../../functions/kafka-verification/completeness.ts';
import type { ArchiveIndex, Gap } from '../../../shared/kafka/archive.ts';

const place = { topicId: 'id', topic: 'orders', partition: 0 };
const index = (parts: [number, number][], end: number, gaps: [number, number, Gap['why']][] = []): ArchiveIndex => ({
  ...{
    schemaVersion: 1,
    recoveryPoint: 'point',
    base: null,
    takenAt: '2026-11-20T03:00:00.000Z',
    topics: [],
    groups: [],
    beside: {},
  },
  segments: parts.map(([from, to]) => ({
    artifact: { uri: 's3://v/k', bytes: 1, sha256: '0'.repeat(64), crc64nvme: '', writer: 'lifeboat' },
    parts: [
      {
        ...{ ...place, from, to, at: 0, bytes: 1, batches: 1, records: 1, transactions: false, maxTimestamp: 0 },
        sha256: '0'.repeat(64),
      },
    ],
  })),
  gaps: gaps.map(([from, to, why]) => ({ ...place, from, to, why })),
  next: { id: { topic: 'orders', next: { 0: end } } },
});
const endedAt = (end: number) => ({ id: { topic: 'orders', next: { 0: end } } });

describe('archives that follow each other', () => {
  it.each<[string, ArchiveIndex, ReturnType<typeof endedAt> | undefined]>([
    ['in one part', index([[0, 10]], 10), undefined],
    [
      'from where the one before ended',
      index(
        [
          [10, 12],
          [12, 20],
        ],
        20,
      ),
      endedAt(10),
    ],
    ['with nothing new', index([], 10), endedAt(10)],
    ['of an empty partition', index([], 0), undefined],
    ['behind what was trimmed', index([[15, 20]], 20, [[10, 15, 'trimmed']]), endedAt(10)],
    ['where everything was trimmed', index([], 20, [[10, 20, 'trimmed']]), endedAt(10)],
    ['whose offsets were given again', index([[0, 5]], 5, [[5, 10, 'rewound']]), endedAt(10)],
    ['of a partition that was added', index([[0, 5]], 5), { id: { topic: 'orders', next: { 0: 0 } } }],
  ])('have no hole %s', (_, archive, base) => {
    expect(holesIn(archive, base)).toEqual([]);
  });

  it('have none where compaction may have left nothing', () => {
    const settings = { 'cleanup.policy': 'compact' };
    const compacted = {
      ...index([], 20),
      topics: [{ id: 'id', name: 'orders', partitions: 1, replicas: 1, settings }],
    };
    expect(holesIn(compacted, endedAt(10))).toEqual([]);
  });

  it.each<[string, ArchiveIndex, ReturnType<typeof endedAt> | undefined, string]>([
    ['at the beginning', index([[12, 20]], 20), endedAt(10), 'offsets 10 to 12'],
    [
      'in the middle',
      index(
        [
          [10, 12],
          [14, 20],
        ],
        20,
      ),
      endedAt(10),
      'offsets 12 to 14',
    ],
    ['at the end', index([[10, 18]], 20), endedAt(10), 'offsets 18 to 20'],
    ['of everything', index([], 20), endedAt(10), 'offsets 10 to 20'],
    [
      'between parts in another order',
      index(
        [
          [14, 20],
          [10, 12],
        ],
        20,
      ),
      endedAt(10),
      'offsets 12 to 14',
    ],
  ])('have a hole %s', (_, archive, base, found) => {
    expect(holesIn(archive, base)).toEqual([`point: orders-0, ${found} are in no segment`]);
  });
});
