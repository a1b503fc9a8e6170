import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CacheNode, planNode, type TakenSnapshot } from '../../../functions/redis/nodes.ts';

const AT = new Date('2026-11-20T12:00:00Z');
const HOUR = 3_600_000;
const hoursAgo = (hours: number): Date => new Date(AT.getTime() - hours * HOUR);
const nodes = (...replicas: string[]): CacheNode[] => [
  { id: 'cache-001', role: 'primary', available: true },
  ...replicas.map((id): CacheNode => ({ id, role: 'replica', available: true })),
];
const times = (node: string, count: number, every = 1): TakenSnapshot[] =>
  Array.from({ length: count }, (_, i) => ({ node, at: hoursAgo((i + 1) * every) }));

describe('the node of the next snapshot', () => {
  it('is a replica, the one that rested longest', () => {
    const taken = [...times('cache-002', 1, 1), ...times('cache-003', 1, 2)];
    expect(planNode(nodes('cache-002', 'cache-003'), taken, AT).nodes).toEqual(['cache-003', 'cache-002', 'cache-001']);
  });

  it('is the one with the fewest in 24 hours, whoever took them and whenever the last was', () => {
    const taken = [...times('cache-002', 3, 0.1), ...times('cache-003', 4, 5)];
    expect(planNode(nodes('cache-002', 'cache-003'), taken, AT).nodes[0]).toBe('cache-002');
  });

  it('forgets what is older than 24 hours, to the millisecond', () => {
    const at = (milliseconds: number) => ({ node: 'cache-002', at: new Date(AT.getTime() - 24 * HOUR + milliseconds) });
    const taken = Array.from({ length: 20 }, () => at(1));
    expect(planNode(nodes('cache-002'), taken, AT).nodes).toEqual(['cache-001']);
    expect(planNode(nodes('cache-002'), [...taken.slice(1), at(0)], AT).nodes[0]).toBe('cache-002');
  });

  it('is the primary only when no replica has any left, or there is none', () => {
    expect(planNode(nodes(), [], AT).nodes).toEqual(['cache-001']);
    expect(planNode(nodes('cache-002'), times('cache-002', 20), AT).nodes).toEqual(['cache-001']);
  });

  it('is none that is not available', () => {
    const [primary, replica] = nodes('cache-002') as [CacheNode, CacheNode];
    expect(planNode([primary, { ...replica, available: false }], [], AT).nodes).toEqual(['cache-001']);
    expect(planNode([{ ...primary, available: false }], [], AT)).toEqual({
      nodes: [],
      wait: { why: 'no node is available' },
    });
  });

  it('is none when all have had their twenty, and then it says from when on there is one', () => {
    const taken = [...times('cache-001', 20, 0.5), ...times('cache-002', 21, 1)];
    expect(planNode(nodes('cache-002'), taken, AT)).toEqual({
      nodes: [],
      wait: {
        why: 'every node has had 20 manual snapshots in 24 hours',
        until: new Date(hoursAgo(20).getTime() + 24 * HOUR),
      },
    });
  });

  it.each([
    [1, 40],
    [2, 60],
    [5, 120],
  ])('with %i replicas has room for hourly snapshots for ever: %i a day', (replicas, room) => {
    const names = Array.from({ length: replicas }, (_, i) => `cache-00${i + 2}`);
    const taken: TakenSnapshot[] = [];
    for (let hour = 0; hour < 24 * 7; hour++) {
      const at = new Date(AT.getTime() + hour * HOUR);
      const [node] = planNode(nodes(...names), taken, at).nodes;
      expect(node, `hour ${hour}`).toBeDefined();
      taken.push({ node: node as string, at });
    }
    expect(room).toBeGreaterThanOrEqual(24);
    const ofPrimary = taken.filter(({ node }) => node === 'cache-001').length;
    if (replicas > 1) expect(ofPrimary).toBe(0);
    else expect(ofPrimary / 7).toBeLessThanOrEqual(5);
  });

  it('never has had twenty in any 24 hours, whatever was taken before', () => {
    const snapshot = fc.record({
      node: fc.constantFrom('cache-001', 'cache-002', 'cache-003'),
      at: fc.integer({ min: 0, max: 30 * 60 }).map((minutes) => new Date(AT.getTime() - minutes * 60_000)),
    });
    fc.assert(
      fc.property(fc.array(snapshot, { maxLength: 90 }), (taken) => {
        for (const node of planNode(nodes('cache-002', 'cache-003'), taken, AT).nodes) {
          const recent = taken.filter((each) => each.node === node && each.at > hoursAgo(24));
          expect(recent.length).toBeLessThan(20);
        }
      }),
    );
  });
});
