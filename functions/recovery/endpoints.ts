// Endpoints as customers use them: a light, bounded load, and how long the answers took.
import { isUnreachable } from '../../shared/aws/unreachable.ts';

export interface Endpoint {
  name: string;
  url: string;
  /** Seconds within which 95 of 100 answers have to come. */
  within: number;
}

export interface Measured {
  name: string;
  url: string;
  requests: number;
  /** Answers that were not 2xx, and requests nobody answered. */
  failed: number;
  p95Milliseconds: number;
  /** What went wrong first, where something did. */
  trouble?: string;
  healthy: boolean;
}

/** Requests to each endpoint, and how many at once: enough for a percentile, nothing a service would notice. */
const REQUESTS = 20;
const AT_ONCE = 4;
/** A request that takes this many times its bound is given up. */
const PATIENCE = 2;

/** Healthy is: every answer 2xx, and 95 of 100 within the time. */
export const measureEndpoint = async (endpoint: Endpoint, signal: AbortSignal): Promise<Measured> => {
  const results: { milliseconds: number; trouble?: string }[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < REQUESTS && !signal.aborted) {
      begun += 1;
      results.push(await request(endpoint, signal));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const times = results.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const p95Milliseconds = Math.round(times[Math.ceil(times.length * 0.95) - 1] ?? Number.POSITIVE_INFINITY);
  const failures = results.flatMap(({ trouble }) => trouble ?? []);
  return {
    name: endpoint.name,
    url: endpoint.url,
    requests: results.length,
    failed: failures.length,
    p95Milliseconds,
    ...(failures[0] ? { trouble: failures[0] } : {}),
    healthy: results.length > 0 && failures.length === 0 && p95Milliseconds <= endpoint.within * 1000,
  };
};

const request = async (
  { url, within }: Endpoint,
  signal: AbortSignal,
): Promise<{ milliseconds: number; trouble?: string }> => {
  const began = performance.now();
  const bound = AbortSignal.any([signal, AbortSignal.timeout(within * PATIENCE * 1000)]);
  try {
    // A connection of its own each time: names are resolved anew, as they are for customers.
    const answer = await fetch(url, { signal: bound, redirect: 'manual', headers: { connection: 'close' } });
    await answer.arrayBuffer();
    const milliseconds = performance.now() - began;
    return answer.ok ? { milliseconds } : { milliseconds, trouble: `answered ${answer.status}` };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return { milliseconds: performance.now() - began, trouble: 'no answer' };
  }
};

export const describeMeasured = ({ name, requests, failed, p95Milliseconds, trouble }: Measured): string =>
  `${name}: ${failed} of ${requests} requests failed${trouble ? ` (${trouble})` : ''}, 95 % within ${p95Milliseconds} ms`;
