import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Message, Notice, noticeOf, smsOf, subjectOf, textOf } from '../../../shared/notify/message.ts';
import { TOPICS } from '../../../shared/notify/topics.ts';

const message: Message = {
  topic: 'critical',
  what: 'Backup of shop-db failed',
  source: 'shop-db',
  recoveryPoint: 'shop-db-20261120t020000z-scheduled',
  since: new Date('2026-11-20T02:00:00Z'),
  impact: 'The point before it is the newest.',
  evidence: ['method: snapshot', 'found at: 02:10'],
  next: 'Start a snapshot on demand.',
};
const place = { platform: 'shop', region: 'us-east-1' };
const news = noticeOf(message, place);

describe('a message', () => {
  it('says what, where, since when, what it means, how one knows, and what to do', () => {
    expect(textOf(news)).toBe(
      `Backup of shop-db failed

Platform: shop, us-east-1
Source:   shop-db
Point:    shop-db-20261120t020000z-scheduled
Since:    2026-11-20T02:00:00.000Z
Impact:   The point before it is the newest.

Evidence:
  - method: snapshot
  - found at: 02:10

Next:     Start a snapshot on demand.`,
    );
  });

  it('of a trouble says as well how often, when one hears more, how to acknowledge it, and what it is called', () => {
    const notice: Notice = {
      ...news,
      id: 'shop-db.snapshot-failed.20261120t020000z',
      state: 'goes on',
      repeats: 41,
      nextUpdate: 'when it is over',
      acknowledge: { before: '2026-11-20T02:15:00.000Z', command: 'aws lambda invoke …' },
    };
    expect(subjectOf(notice)).toBe('[critical] goes on: Backup of shop-db failed');
    expect(textOf(notice)).toContain(`goes on: Backup of shop-db failed\n`);
    expect(textOf(notice)).toContain(`Repeats:  41, not sent one by one`);
    expect(textOf(notice)).toContain(
      `Update:   when it is over

Acknowledge before 2026-11-20T02:15:00.000Z, or the next level is told:
  aws lambda invoke …

Id: shop-db.snapshot-failed.20261120t020000z`,
    );
  });

  it('leaves out what there is not', () => {
    const { recoveryPoint: _, ...rest } = message;
    expect(textOf(noticeOf({ ...rest, evidence: [] }, place))).not.toMatch(
      /Point:|Evidence:|Repeats|Acknow|Id:|Update/,
    );
  });

  it('for customers names nothing inside', () => {
    const notice: Notice = {
      ...news,
      wording: 'customer',
      what: 'Service disruption, update 2',
      impact: 'Orders cannot be placed.',
      next: 'We are restoring service.',
      nextUpdate: '04:00 UTC',
    };
    expect(subjectOf(notice)).toBe('shop: Service disruption, update 2');
    expect(textOf(notice)).toBe(
      `Service disruption, update 2

Since: 2026-11-20T02:00:00.000Z

Orders cannot be placed.

We are restoring service.

Next update: 04:00 UTC`,
    );
    expect(`${textOf(notice)}${smsOf(notice)}`).not.toMatch(/shop-db|us-east-1|snapshot|critical/i);
  });

  it('fits into one text message, with what is needed to acknowledge it', () => {
    expect(smsOf(news)).toBe('CRITICAL shop: Backup of shop-db failed, since 02:00 UTC.');
    const id = 'shop-db.snapshot-failed.20261120t020000z';
    const asked = { ...news, id, acknowledge: { before: '2026-11-20T02:15:00.000Z', command: 'aws' } };
    expect(smsOf({ ...asked, what: 'x'.repeat(200) })).toMatch(new RegExp(`x\\.\\.\\., since 02:00 UTC\\. Ack ${id}$`));
    expect(smsOf({ ...asked, what: 'x'.repeat(200) })).toHaveLength(140);
  });

  it('has a subject and a short text that SNS takes, whatever it is about', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.constantFrom(...TOPICS),
        fc.constantFrom(...Notice.shape.state.options),
        (what, topic, state) => {
          const notice = { ...noticeOf({ ...message, what, topic }, place), state };
          // "must be UTF-8 text with no line breaks or control characters, and less than 100 characters long" (SNS, Publish).
          expect(subjectOf(notice)).toMatch(/^\[[a-z]+\] [\x20-\x7e]*$/);
          expect(subjectOf(notice).length).toBeLessThan(100);
          expect(smsOf(notice)).toMatch(/^[\x20-\x7e]{1,140}$/);
        },
      ),
    );
  });

  it('stays far below what SNS takes, and says what it left out', () => {
    const notice = noticeOf({ ...message, evidence: Array.from({ length: 5000 }, () => 'é'.repeat(9000)) }, place);
    expect(Buffer.byteLength(JSON.stringify(notice) + textOf(notice))).toBeLessThan(100_000);
    expect(notice.evidence.at(-1)).toBe('and 4960 more');
  });

  it('is the same as data, without what only we need', () => {
    expect(Notice.parse(noticeOf({ ...message, trouble: 'snapshot-failed' }, place))).toEqual({
      ...{ schemaVersion: 1, platform: 'shop', region: 'us-east-1', state: 'news', wording: 'internal' },
      ...{ topic: 'critical', what: message.what, source: 'shop-db', recoveryPoint: message.recoveryPoint },
      ...{ since: '2026-11-20T02:00:00.000Z', impact: message.impact, evidence: message.evidence, next: message.next },
    });
  });
});
