// Which node the next snapshot is taken of, as data: nothing is asked and nothing is done here.
import { NODE_SNAPSHOTS_A_DAY } from '../../shared/aws/limits.ts';

export interface CacheNode {
  id: string;
  role: 'primary' | 'replica';
  available: boolean;
}

/** A manual snapshot that was taken or is being taken, by whomever. */
export interface TakenSnapshot {
  node: string;
  at: Date;
}

export interface NodePlan {
  /** To be asked in this order. */
  nodes: string[];
  /** Why none can be asked; the time at which the first one may be again, where that is known. */
  wait?: { why: string; until?: Date };
}

const DAY_MS = 86_400_000;

/**
 * Replicas in turn: the one with the fewest snapshots of the last 24 hours, of these the one that rested longest. The
 * primary only when no replica has any left, because a snapshot takes memory and time from those it serves. A snapshot
 * deleted since counts in AWS and is not seen here: then AWS refuses, and the next node is asked.
 */
export const planNode = (nodes: readonly CacheNode[], taken: readonly TakenSnapshot[], at: Date): NodePlan => {
  const since = at.getTime() - DAY_MS;
  const timesOf = (node: string): number[] =>
    taken
      .filter((snapshot) => snapshot.node === node && snapshot.at.getTime() > since)
      .map((snapshot) => snapshot.at.getTime())
      .sort((a, b) => a - b);
  const candidates = nodes
    .filter(({ available }) => available)
    .map(({ id, role }) => ({ id, role, times: timesOf(id) }))
    .filter(({ times }) => times.length < NODE_SNAPSHOTS_A_DAY)
    .sort(
      (a, b) =>
        Number(a.role === 'primary') - Number(b.role === 'primary') ||
        a.times.length - b.times.length ||
        (a.times.at(-1) ?? 0) - (b.times.at(-1) ?? 0) ||
        a.id.localeCompare(b.id),
    );
  if (candidates.length) return { nodes: candidates.map(({ id }) => id) };
  if (!nodes.some(({ available }) => available)) return { nodes: [], wait: { why: 'no node is available' } };
  const freed = nodes
    .filter(({ available }) => available)
    .map(({ id }) => timesOf(id).at(-NODE_SNAPSHOTS_A_DAY) ?? since);
  return {
    nodes: [],
    wait: {
      why: `every node has had ${NODE_SNAPSHOTS_A_DAY} manual snapshots in 24 hours`,
      until: new Date(Math.min(...freed) + DAY_MS),
    },
  };
};
