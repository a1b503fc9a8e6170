// What was told in the last week, or would have been without folding: every message counts, whether it was sent or not.
import { configuration } from '../../shared/config/platform.ts';
import { loggedOn } from '../../shared/notify/journal.ts';
import { Notice } from '../../shared/notify/message.ts';
import { findDocument } from '../../shared/vault/documents.ts';

const DAY_MS = 86_400_000;
const DAYS = 7;

export interface MessagesOfKind {
  /** `2026-11-20`. */
  day: string;
  region: string;
  source: string;
  /** Kind of trouble, or `news`. */
  kind: string;
  count: number;
  first: string;
  last: string;
  /** What the first of them said. */
  what: string;
}

/** By day, newest first; what happened often on a day is one line with its count. */
export const messagesBefore = async (at: Date): Promise<MessagesOfKind[]> => {
  const { primary, recovery } = configuration().regions;
  const all: MessagesOfKind[] = [];
  for (let days = 0; days < DAYS; days++) {
    const day = new Date(at.getTime() - days * DAY_MS);
    for (const region of [primary, recovery]) all.push(...(await messagesOn(day, region)));
  }
  return all;
};

const messagesOn = async (day: Date, region: string): Promise<MessagesOfKind[]> => {
  const kinds: MessagesOfKind[] = [];
  // They come in the order of source and kind, and then of time.
  for await (const { source, kind, at, key } of loggedOn(day, region)) {
    const last = kinds.at(-1);
    if (last?.source === source && last.kind === kind) {
      last.count += 1;
      last.last = at;
      continue;
    }
    const what = (await findDocument(key, Notice))?.what ?? '';
    kinds.push({ day: day.toISOString().slice(0, 10), region, source, kind, count: 1, first: at, last: at, what });
  }
  return kinds;
};
