// A restored cache against its archive, as data: nothing is read here.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Expected, type ExpectedKey, TOLERANCE_MS } from './expectations.ts';
import type { LiveCache, LiveKey } from './live-keys.ts';

export const Difference = z.strictObject({
  kind: z.enum(['missing', 'foreign', 'changed', 'another type', 'another time', 'fewer', 'more']),
  /** Database and type, or database and key. */
  of: z.string(),
  expected: z.string(),
  found: z.string(),
});
export type Difference = z.output<typeof Difference>;

export interface Compared {
  differences: Difference[];
  /** Keys of the sample whose value and time are equal. */
  equal: number;
  /** Keys of the sample that are there, and whose value only their module could compare, or whose fields end by themselves. */
  incomparable: number;
}

/**
 * Names of keys may hold what is nobody's business, a session's token for one: what stands before the last colon is told,
 * and a digest by which who has the name finds it.
 */
export const keyLabel = (id: string): string => {
  const [db, name] = [id.slice(0, id.indexOf(' ')), id.slice(id.indexOf(' ') + 1)];
  const space = /^[\w:.-]{1,60}:/.exec(name)?.[0] ?? '';
  const digest = createHash('sha256').update(Buffer.from(name, 'latin1')).digest('hex').slice(0, 16);
  return `db ${db}, ${space}… (sha256 ${digest})`;
};

/** @param lost share of the expiring keys that may be gone before their time: a small cache may have to drop some */
export const compare = (expected: Expected, live: LiveCache, lost: number): Compared => {
  const compared: Compared = { differences: [], equal: 0, incomparable: 0 };
  const allowed = Math.floor(expected.expiring * lost);
  compareCounts(expected, live, allowed, compared.differences);
  let missing = 0;
  for (const [id, key] of expected.sampled) {
    const found = live.sampled.get(id);
    if (found) compareKey(id, key, found, compared);
    else if (mustBeThere(key, live) && (key.expiresAt === undefined || ++missing > allowed))
      compared.differences.push({ kind: 'missing', of: keyLabel(id), expected: key.type, found: 'no such key' });
  }
  for (const [id, { type }] of live.sampled)
    if (!expected.sampled.has(id))
      compared.differences.push({ kind: 'foreign', of: keyLabel(id), expected: 'no such key', found: type });
  return compared;
};

const mustBeThere = ({ expiresAt }: ExpectedKey, { to }: LiveCache): boolean =>
  expiresAt === undefined || expiresAt > to + TOLERANCE_MS;

const compareCounts = (expected: Expected, live: LiveCache, allowed: number, differences: Difference[]): void => {
  for (const name of new Set([...expected.counts.keys(), ...live.counts.keys()])) {
    const { certain, undecided } = expected.counts.get(name) ?? { certain: 0, undecided: 0 };
    const found = live.counts.get(name) ?? 0;
    const [db, type] = name.split(' ');
    const fact = { of: `db ${db}, ${type}`, expected: `${certain} to ${certain + undecided} keys`, found: `${found}` };
    if (found < certain - allowed) differences.push({ kind: 'fewer', ...fact });
    if (found > certain + undecided) differences.push({ kind: 'more', ...fact });
  }
};

const compareKey = (id: string, expected: ExpectedKey, found: LiveKey, compared: Compared): void => {
  const difference = differenceOf(expected, found);
  if (difference) compared.differences.push({ ...difference, of: keyLabel(id) });
  else if (expected.comparable) compared.equal += 1;
  else compared.incomparable += 1;
};

const differenceOf = (expected: ExpectedKey, found: LiveKey): Omit<Difference, 'of'> | undefined => {
  if (expected.type !== found.type) return { kind: 'another type', expected: expected.type, found: found.type };
  if (!isSameTime(expected.expiresAt, found.expiresAt))
    return { kind: 'another time', expected: timeOf(expected.expiresAt), found: timeOf(found.expiresAt) };
  return expected.comparable && expected.digest !== found.digest
    ? { kind: 'changed', expected: hexOf(expected.digest), found: hexOf(found.digest) }
    : undefined;
};

const isSameTime = (a: number | undefined, b: number | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Math.abs(a - b) <= TOLERANCE_MS;

const timeOf = (at: number | undefined): string => (at === undefined ? 'never ends' : new Date(at).toISOString());
const hexOf = (digest: string): string => Buffer.from(digest, 'latin1').toString('hex');
