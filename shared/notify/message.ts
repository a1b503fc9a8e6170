// What people are told, and the same as data for machines. What every message says: what, since when, what it means, how
// one knows, what to do, and when one hears more.
import { z } from 'zod';
import type { Topic } from './topics.ts';

/** What whoever finds something hands over, in the order a person on call needs it. */
export interface Message {
  topic: Topic;
  /** One line: what happened to what. */
  what: string;
  source: string;
  recoveryPoint?: string;
  since: Date;
  /** What it means for recovery. */
  impact: string;
  /** Facts a reader can check. */
  evidence: string[];
  /** What to do next, as an instruction; the exact command where there is one. */
  next: string;
  /**
   * Kind of trouble, `snapshot-failed`: with the source it says what is the same trouble again. Repeats are counted, not
   * sent, and its end is told. Left out, the message is news and sent as it is.
   */
  trouble?: string;
}

const time = z.iso.datetime();

/** A message on its way, as machines get it: PagerDuty, Slack and HTTPS subscribers. */
export const Notice = z.strictObject({
  schemaVersion: z.literal(1),
  platform: z.string(),
  region: z.string(),
  /** Of the trouble, the same from its beginning to its end. */
  id: z.string().optional(),
  topic: z.string(),
  state: z.enum(['news', 'begun', 'goes on', 'recovered', 'acknowledged', 'escalated', 'update']),
  wording: z.enum(['internal', 'customer']).default('internal'),
  what: z.string(),
  source: z.string(),
  recoveryPoint: z.string().optional(),
  since: time,
  impact: z.string(),
  evidence: z.array(z.string()),
  next: z.string(),
  /** When the reader hears of it again: a time, or on what it depends. */
  nextUpdate: z.string().optional(),
  /** How often it happened again and was not told each time. */
  repeats: z.int().nonnegative().optional(),
  acknowledge: z.strictObject({ before: time, command: z.string() }).optional(),
});
export type Notice = z.output<typeof Notice>;

/** Three renderings of a message share the 256 KB that SNS takes (Publish, 2026-11). */
const MAX_LINES = 40;
const MAX_LINE = 500;

/** The message as data; lines of evidence that would make it too long are cut, and counted. */
export const noticeOf = (
  { since, trouble: _, evidence, ...message }: Message,
  { platform, region }: { platform: string; region: string },
): Notice => ({
  schemaVersion: 1,
  platform,
  region,
  state: 'news',
  wording: 'internal',
  ...message,
  since: since.toISOString(),
  evidence: [
    ...evidence.slice(0, MAX_LINES).map((line) => cut(line, MAX_LINE)),
    ...(evidence.length > MAX_LINES ? [`and ${evidence.length - MAX_LINES} more`] : []),
  ],
});

const LABEL: Record<Notice['state'], string> = {
  news: '',
  begun: '',
  'goes on': 'goes on: ',
  recovered: 'recovered: ',
  acknowledged: 'acknowledged: ',
  escalated: 'not acknowledged: ',
  update: '',
};

/** SNS takes less than 100 characters, without line breaks or control characters, as an e-mail's subject (API reference, Publish, 2026-11). */
export const subjectOf = ({ wording, topic, state, platform, what }: Notice): string =>
  (wording === 'customer' ? `${platform}: ${what}` : `[${topic}] ${LABEL[state]}${what}`)
    .replace(/[^\x20-\x7e]/g, '-')
    .slice(0, 99);

export const textOf = (notice: Notice): string =>
  (notice.wording === 'customer' ? customerLines(notice) : internalLines(notice)).join('\n');

const internalLines = (notice: Notice): string[] => [
  `${LABEL[notice.state]}${notice.what}`,
  '',
  `Platform: ${notice.platform}, ${notice.region}`,
  `Source:   ${notice.source}`,
  ...(notice.recoveryPoint ? [`Point:    ${notice.recoveryPoint}`] : []),
  `Since:    ${notice.since}`,
  `Impact:   ${notice.impact}`,
  ...(notice.repeats ? [`Repeats:  ${notice.repeats}, not sent one by one`] : []),
  ...(notice.evidence.length ? ['', 'Evidence:', ...notice.evidence.map((line) => `  - ${line}`)] : []),
  '',
  `Next:     ${notice.next}`,
  ...(notice.nextUpdate ? [`Update:   ${notice.nextUpdate}`] : []),
  ...(notice.acknowledge
    ? [
        '',
        `Acknowledge before ${notice.acknowledge.before}, or the next level is told:`,
        `  ${notice.acknowledge.command}`,
      ]
    : []),
  ...(notice.id ? ['', `Id: ${notice.id}`] : []),
];

/** No name of anything inside: what, since when, what it means for the reader, what is done, when there is more. */
const customerLines = (notice: Notice): string[] => [
  notice.what,
  '',
  `Since: ${notice.since}`,
  '',
  notice.impact,
  '',
  notice.next,
  ...(notice.nextUpdate ? ['', `Next update: ${notice.nextUpdate}`] : []),
];

/** One part of an SMS holds 140 bytes (SNS developer guide, "Publishing SMS messages", 2026-11); more would be several. */
const MAX_SMS = 140;

export const smsOf = ({ platform, topic, state, wording, what, since, id, acknowledge }: Notice): string => {
  const head = wording === 'customer' ? `${platform}: ` : `${topic.toUpperCase()} ${platform}: ${LABEL[state]}`;
  const tail = `, since ${since.slice(11, 16)} UTC.${acknowledge && id ? ` Ack ${id}` : ''}`;
  const room = MAX_SMS - head.length - tail.length;
  return `${head}${cut(what, Math.max(room, 20))}${tail}`.replace(/[^\x20-\x7e]/g, '-').slice(0, MAX_SMS);
};

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 3)}...` : text);
