import { createHash } from 'node:crypto';

const DAY_MS = 86_400_000;

export const dayNumber = (time: Date): number => Math.floor(time.getTime() / DAY_MS);

/**
 * Which shares to read today, of `shares` in all: today's, and those of every day that was missed since the last
 * complete run; all of them where no such run is known. So each object is read once in every `shares` days with
 * certainty, whatever runs were lost.
 */
export const sharesDue = (today: number, lastComplete: number | undefined, shares: number): Set<number> => {
  const from = Math.max((lastComplete ?? today - shares) + 1, today - shares + 1);
  const due = new Set<number>();
  for (let day = Math.min(from, today); day <= today; day++) due.add(day % shares);
  return due;
};

/** The share an object belongs to: follows from its name alone, so it never changes. */
export const shareOf = (uri: string, shares: number): number =>
  createHash('sha256').update(uri).digest().readUInt32BE() % shares;
