import { createHash } from 'node:crypto';
import { BUCKETS } from '../../shared/redis/rdb/summary.ts';

/** Values compared one by one: what a function reads in minutes and keeps in memory. */
const SAMPLED_KEYS = 50_000;

/**
 * Buckets whose keys are compared by value: all of a small cache; of a large one as many as the sample allows, another
 * place each time, which follows from the execution.
 */
export const sampleOf = (keys: number, execution: string): Set<number> => {
  const count = Math.max(1, Math.min(BUCKETS, Math.floor((SAMPLED_KEYS * BUCKETS) / Math.max(1, keys))));
  const first = createHash('sha256').update(execution).digest()[0] as number;
  return new Set(Array.from({ length: count }, (_, i) => (first + i) % BUCKETS));
};
