/** Topics by severity and purpose. */
export const TOPICS = ['critical', 'warning', 'info', 'verification', 'cost', 'disaster'] as const;
export type Topic = (typeof TOPICS)[number];

/** What a person on call needs, in the order they need it. */
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
}

/** SNS takes less than 100 characters, without line breaks or control characters, as an e-mail's subject (API reference, Publish, 2026-11). */
export const subjectOf = ({ topic, what }: Message): string =>
  `[${topic}] ${what}`.replace(/[^\x20-\x7e]/g, '-').slice(0, 99);

export const textOf = (message: Message): string =>
  [
    message.what,
    '',
    `Source:  ${message.source}`,
    ...(message.recoveryPoint ? [`Point:   ${message.recoveryPoint}`] : []),
    `Since:   ${message.since.toISOString()}`,
    `Impact:  ${message.impact}`,
    ...(message.evidence.length ? ['', 'Evidence:', ...message.evidence.map((line) => `  - ${line}`)] : []),
    '',
    `Next:    ${message.next}`,
  ].join('\n');
