import { NotFoundException } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/notification/acknowledge.json' with { type: 'json' };
import { handler as acknowledge } from '../../../functions/notification/acknowledge.ts';
import { handler as followUp } from '../../../functions/notification/follow-up.ts';
import { now } from '../../../shared/clock.ts';
import type { Message } from '../../../shared/notify/message.ts';
import { notify, recovered } from '../../../shared/notify/notify.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T02:10:00.000Z');
});
afterEach(() => void vi.useRealTimers());

const fail = (change: Partial<Message> = {}) =>
  notify({
    topic: 'critical',
    what: 'Snapshot of shop-db failed',
    source: 'shop-db',
    since: new Date('2026-11-20T02:00:00Z'),
    impact: 'The point before it is the newest.',
    evidence: ['found at: 02:10'],
    next: 'Start a snapshot on demand.',
    trouble: 'snapshot-failed',
    ...change,
  });
const later = (minutes: number) => shop.setTime(new Date(now().getTime() + minutes * 60_000));
const follow = () => invoke(followUp, {});
const said = () => shop.messages.map(({ topic, notice: { state } }) => `${topic} ${state}`);
const refuse = () => {
  throw new NotFoundException({ message: 'Topic does not exist', $metadata: {} });
};

describe('a follow-up', () => {
  it('of nothing tells nothing', async () => {
    await expect(follow()).resolves.toEqual({ open: 0, told: 0, escalated: 0 });
  });

  it('sums up what was not told one by one, once the window is over, and only what is new since', async () => {
    await fail();
    for (let count = 0; count < 7; count++) await fail();
    later(14);
    await follow();
    expect(said()).toEqual(['critical begun']);
    later(1);
    await follow();
    expect(said()).toEqual(['critical begun', 'critical goes on', 'escalation-1 escalated']);
    expect(shop.messages[1]?.notice).toMatchObject({ repeats: 7 });
    later(16);
    await follow();
    expect(said().filter((what) => what.endsWith('goes on'))).toHaveLength(1);
    await fail();
    later(16);
    await follow();
    expect(shop.messages.findLast(({ notice }) => notice.state === 'goes on')?.notice).toMatchObject({ repeats: 8 });
  });

  it('is silent about what somebody takes care of, until it is over', async () => {
    await fail();
    await invoke(acknowledge, sample);
    await fail();
    later(16);
    await follow();
    await fail();
    expect(said()).toEqual(['critical begun', 'critical acknowledged']);
    await recovered({ source: 'shop-db', trouble: 'snapshot-failed' });
    expect(shop.messages[2]?.notice).toMatchObject({ state: 'recovered', repeats: 2 });
  });

  it('tells what whoever claimed it did not live to tell', async () => {
    // A process that dies between its claim and SNS leaves this.
    shop.publishing = () => {
      shop.publishing = () => undefined;
      shop.vault.before = () => {
        throw new Error('dead');
      };
      throw new Error('dead');
    };
    await expect(fail()).rejects.toThrow('dead');
    shop.vault.before = () => undefined;
    later(0.5);
    await follow();
    expect(said()).toEqual([]);
    later(1);
    await expect(follow()).resolves.toEqual({ open: 1, told: 1, escalated: 0 });
    expect(said()).toEqual(['critical begun']);
    await follow();
    expect(said()).toHaveLength(1);
  });

  it('tells many of one topic in one message, each with its id, and how to acknowledge them', async () => {
    for (const source of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
      await fail({ source, what: `Snapshot of ${source} failed` });
    expect(said()).toEqual(['critical begun', 'critical begun']);
    later(1);
    await expect(follow()).resolves.toEqual({ open: 7, told: 5, escalated: 0 });
    expect(shop.messages).toHaveLength(3);
    const [, , { subject, text }] = shop.messages as [unknown, unknown, (typeof shop.messages)[number]];
    expect(subject).toBe('[critical] 5 troubles of c, d, e, f, g');
    expect(text).toContain('  - begun: Snapshot of c failed (0 repeats; c.snapshot-failed.20261120t020000z)');
    expect(text).toMatch(/Acknowledge each by its id: aws lambda invoke .*notificationAcknowledge/);
    later(2);
    await follow();
    expect(shop.messages).toHaveLength(3);
  });

  it('tells that it goes on, where it came back within the window in which its end was told', async () => {
    await fail();
    later(1);
    await recovered({ source: 'shop-db', trouble: 'snapshot-failed' });
    later(1);
    await fail();
    later(20);
    await follow();
    expect(said().slice(0, 3)).toEqual(['critical begun', 'critical recovered', 'critical goes on']);
  });

  it('that SNS refuses ends as MessagesUntold after everything was tried, and is made up for', async () => {
    await fail();
    await fail({ trouble: 'posture', topic: 'warning' });
    await fail();
    await fail({ trouble: 'posture', topic: 'warning' });
    later(16);
    shop.publishing = refuse;
    const following = follow();
    await expect(following).rejects.toMatchObject({ name: 'MessagesUntold' });
    await expect(following).rejects.toThrow(/warning: Topic does not exist.*critical: Topic.*escalation-1: Topic/);
    shop.publishing = () => undefined;
    later(1);
    await follow();
    expect(said().slice(2).sort()).toEqual(['critical goes on', 'escalation-1 escalated', 'warning goes on']);
  });
});

describe('a message that nobody acknowledges', () => {
  it('goes to the next level after its time, and to the one after that', async () => {
    await fail();
    later(14);
    await follow();
    expect(said()).toEqual(['critical begun']);
    later(1);
    await follow();
    await follow();
    expect(said()).toEqual(['critical begun', 'escalation-1 escalated']);
    expect(shop.messages[1]?.text).toContain('not acknowledged: Snapshot of shop-db failed');
    expect(shop.messages[1]?.text).toContain('nobody acknowledged it before 2026-11-20T02:25:00.000Z; this is level 1');
    expect(shop.messages[1]?.notice.acknowledge).toMatchObject({ before: '2026-11-20T02:40:00.000Z' });
    later(15);
    await follow();
    later(60);
    await follow();
    expect(said()).toEqual(['critical begun', 'escalation-1 escalated', 'escalation-2 escalated']);
    expect(shop.messages[2]?.notice.next).toMatch(/Say that you take care of it: aws lambda invoke/);
    expect(shop.telemetry.metrics().filter(({ name }) => name === 'NotificationsEscalated')).toHaveLength(2);
  });

  it('is told once to each level, by whichever of many runs', async () => {
    await fail();
    later(15);
    await Promise.all([follow(), follow(), follow()]);
    expect(said()).toEqual(['critical begun', 'escalation-1 escalated']);
  });

  it('and is over goes nowhere', async () => {
    await fail();
    await recovered({ source: 'shop-db', trouble: 'snapshot-failed' });
    later(30);
    await follow();
    expect(said()).toEqual(['critical begun', 'critical recovered']);
  });

  it('and does not demand it stays where it is', async () => {
    await fail({ topic: 'warning' });
    later(30);
    await follow();
    expect(said()).toEqual(['warning begun']);
  });
});

describe('an acknowledgement', () => {
  it('says who takes care, tells those who were told, and ends the escalation', async () => {
    await fail();
    later(15);
    await follow();
    later(3);
    await expect(invoke(acknowledge, sample)).resolves.toEqual({
      id: sample.id,
      what: 'Snapshot of shop-db failed',
      status: 'open',
      by: 'Ada Example',
      at: '2026-11-20T02:28:00.000Z',
    });
    expect(said().slice(2)).toEqual(['critical acknowledged', 'escalation-1 acknowledged']);
    expect(shop.messages[2]?.text).toContain('acknowledged by Ada Example at 2026-11-20T02:28:00.000Z');
    later(60);
    await follow();
    expect(said()).toHaveLength(4);
  });

  it('given twice, or by many at once, is that of the first', async () => {
    await fail();
    const answers = (await Promise.all(
      ['Ada', 'Ben', 'Cem'].map((by) => invoke(acknowledge, { id: sample.id, by })),
    )) as { by: string }[];
    later(1);
    answers.push((await invoke(acknowledge, { id: sample.id, by: 'Dan' })) as { by: string });
    expect(new Set(answers.map(({ by }) => by)).size).toBe(1);
    expect(said()).toEqual(['critical begun', 'critical acknowledged']);
  });

  it('of what is over says so, and nothing else happens', async () => {
    await fail();
    await recovered({ source: 'shop-db', trouble: 'snapshot-failed' });
    await expect(invoke(acknowledge, sample)).resolves.toMatchObject({ status: 'recovered', by: null, at: null });
    expect(shop.messages).toHaveLength(2);
  });

  it('stands even where SNS refuses to tell the others', async () => {
    await fail();
    shop.publishing = refuse;
    await expect(invoke(acknowledge, sample)).resolves.toMatchObject({ by: 'Ada Example' });
    expect(shop.telemetry.logs()).toContainEqual(expect.objectContaining({ message: 'acknowledgement not told' }));
  });

  it.each([
    ['no id', 'shop-db', /Copy the id from the end of the message/],
    ['an id of nothing', 'shop-db.never.20261120t020000z', /none of this source and kind/],
    [
      'the id of an earlier time',
      'shop-db.snapshot-failed.20251120t020000z',
      /a later one: shop-db.snapshot-failed.2026/,
    ],
  ])('of %s is refused, with what to do', async (_, id, message) => {
    await fail();
    const answer = invoke(acknowledge, { id, by: 'Ada' });
    await expect(answer).rejects.toMatchObject({ name: 'NoticeUnknown' });
    await expect(answer).rejects.toThrow(message);
  });

  it.each(['<your name>', '', '  ', 'a\nb', 'x'.repeat(101)])('by %j is refused: a name is needed', async (by) => {
    await expect(invoke(acknowledge, { id: sample.id, by })).rejects.toMatchObject({ name: 'RequestInvalid' });
  });
});
