import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';
import { queryError } from './errors.ts';

const ALGORITHMS: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const partition = (array: unknown[] | undefined, size: number): unknown[][] | undefined => {
  if (array === undefined) return undefined;
  if (!Array.isArray(array)) return partition([array], size);
  const step = Math.floor(size);
  if (!(step > 0)) throw queryError(`$partition needs a positive size; found ${size}.`);
  return Array.from({ length: Math.ceil(array.length / step) }, (_, index) =>
    array.slice(index * step, (index + 1) * step),
  );
};

/** Both ends included, as in the guide: `$range(0, 10, 2)` is [0,2,4,6,8,10]. */
const range = (first: number, last: number, step = 1): number[] => {
  if (step === 0 || ![first, last, step].every(Number.isFinite)) {
    throw queryError(`$range needs numbers and a step other than 0; found ${first}, ${last}, ${step}.`);
  }
  const length = Math.max(0, Math.floor((last - first) / step) + 1);
  return Array.from({ length }, (_, index) => first + index * step);
};

const hash = (data: unknown, algorithm = 'SHA-1'): string | undefined => {
  if (data === undefined) return undefined;
  const name = ALGORITHMS[algorithm];
  if (!name) throw queryError(`$hash knows ${Object.keys(ALGORITHMS).join(', ')}; found ${algorithm}.`);
  return createHash(name)
    .update(typeof data === 'string' ? data : JSON.stringify(data))
    .digest('hex');
};

/** With a seed the same number each time (mulberry32). */
const random = (seed?: number): number => {
  if (seed === undefined) return Math.random();
  let t = (seed + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
};

const parse = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));

/**
 * What Step Functions adds to JSONata 2.0.6, `$now` and `$millis` by the region's clock, and `$eval` taken away
 * (Step Functions guide, transforming data, 2026-11).
 */
export const functionsAt = (now: Date): Record<string, unknown> => ({
  partition,
  range,
  hash,
  random,
  uuid: () => randomUUID(),
  parse,
  millis: () => now.getTime(),
  now: (picture?: string, zone?: string) =>
    jsonata('$fromMillis($at, $picture, $zone)').evaluate({}, { at: now.getTime(), picture, zone }),
  eval: undefined,
});
