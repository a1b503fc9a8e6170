// What the vault keeps of messages: every one that was sent or folded, dated, as its own object; and one document for each
// trouble. The region is part of every key: what the other region writes is replicated into the same bucket.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { keysUnder } from '../catalog/catalog.ts';
import { datePath } from '../clock.ts';
import { settings } from '../config/settings.ts';
import { changeDocument, findDocument, openDocument } from '../vault/documents.ts';
import { Notice } from './message.ts';
import { Trouble } from './trouble.ts';

const DAY_MS = 86_400_000;
/** Between what readers compare, keys sort by time. */
const stamp = (at: Date): string => at.toISOString().replace(/[-:]/g, '');
const root = (): string => `notifications/${settings().region}`;
const about = (source: string, kind: string): string => `${encodeURIComponent(source)}/${kind}`;

export const troublesPrefix = (): string => `${root()}/troubles/`;
export const troubleKey = (source: string, kind: string): string => `${troublesPrefix()}${about(source, kind)}.json`;
export const updateKey = (failoverId: string, audience: string, turn: string): string =>
  `${root()}/updates/${failoverId}/${audience}/${turn}.json`;
export const forwardedKey = (messageId: string, webhook: string): string =>
  `${root()}/forwarded/${messageId}/${encodeURIComponent(webhook)}.json`;

/** One object for each message, sent or not: whoever counts them misses none. */
export const writeToLog = async (notice: Notice, kind: string, at: Date): Promise<void> => {
  const folder = `${root()}/log/${datePath(at)}/${about(notice.source, kind)}`;
  await openDocument(`${folder}/${stamp(at)}-${randomUUID()}.json`, Notice, notice);
};

/** How often it happened between two moments, both included. */
export const countInLog = async (source: string, kind: string, from: Date, to: Date): Promise<number> => {
  let count = 0;
  for (let day = new Date(from); datePath(day) <= datePath(to); day = new Date(day.getTime() + DAY_MS)) {
    const folder = `${root()}/log/${datePath(day)}/${about(source, kind)}/`;
    for await (const key of keysUnder(folder, `${folder}${stamp(from)}`)) {
      if (key > `${folder}${stamp(to)}~`) break;
      count += 1;
    }
  }
  return count;
};

export interface Logged {
  source: string;
  kind: string;
  /** ISO time. */
  at: string;
  key: string;
}

/** Every message of one day of one region, sent or not, by source and kind; the vault holds those of the other region too. */
export async function* loggedOn(day: Date, region: string): AsyncGenerator<Logged> {
  for await (const key of keysUnder(`notifications/${region}/log/${datePath(day)}/`)) {
    const [source = '', kind = '', name = ''] = key.split('/').slice(6);
    const at = name.slice(0, 19).replace(/^(.{4})(..)(.{5})(..)/, '$1-$2-$3:$4:');
    yield { source: decodeURIComponent(source), kind, at: `${at}Z`, key };
  }
}

/**
 * A trouble as it stands after `change`, written once: of many who change it at the same time, each sees what the one
 * before it wrote. Undefined where there is none and `change` makes none.
 */
export const changeTrouble = async (
  source: string,
  kind: string,
  change: (standing: Trouble | undefined) => Trouble | undefined,
): Promise<Trouble | undefined> => {
  const key = troubleKey(source, kind);
  if (!(await findDocument(key, Trouble))) {
    const first = change(undefined);
    if (!first) return undefined;
    const { created, value } = await openDocument(key, Trouble, first);
    if (created) return value;
  }
  return changeDocument(key, Trouble, (standing) => change(standing) ?? standing);
};

const Place = z.strictObject({ by: z.string() });

/** Messages that may leave in one minute: what matters at once, and the rest. Two minutes side by side make eight. */
const PLACES = { urgent: 2, other: 2 } as const;

/**
 * Takes one of this minute's places. SNS suspends an e-mail address that gets more than 10 messages in a second (developer
 * guide, "Email subscription setup", 2026-11); what finds no place is told with the next follow-up.
 */
export const takePlace = async (notice: Notice, by: string, at: Date): Promise<boolean> => {
  const rank = notice.topic === 'critical' || notice.topic === 'disaster' ? 'urgent' : 'other';
  const minute = `${root()}/pace/${datePath(at)}/${at.toISOString().slice(11, 16).replace(':', '')}-${rank}`;
  for (let place = 0; place < PLACES[rank]; place++) {
    const { value } = await openDocument(`${minute}-${place}.json`, Place, { by });
    if (value.by === by) return true;
  }
  return false;
};
