import { NotFoundException, PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { now } from '../../../shared/clock.ts';
import type { Message } from '../../../shared/notify/message.ts';
import { notify, recovered } from '../../../shared/notify/notify.ts';
import { type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { failure } from '../../support/vault.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-20T02:10:00.000Z');
});
afterEach(() => void vi.useRealTimers());

const failed = (change: Partial<Message> = {}): Message => ({
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
const said = () => shop.messages.map(({ topic, notice: { state, what } }) => `${topic} ${state}: ${what}`);
const over = () => recovered({ source: 'shop-db', trouble: 'snapshot-failed', evidence: ['stored: shop-db-2'] });
const ID = 'shop-db.snapshot-failed.20261120t020000z';
const LOG = 'notifications/us-east-1/log/';

describe('news', () => {
  const news = failed({ trouble: undefined as never, topic: 'verification', what: 'shop-db: PROVEN' });

  it('is sent each time, and kept', async () => {
    await notify(news);
    await notify(news);
    expect(said()).toEqual(['verification news: shop-db: PROVEN', 'verification news: shop-db: PROVEN']);
    expect(shop.messages[0]?.notice).not.toHaveProperty('id');
    expect(shop.vault.keys(LOG)).toHaveLength(2);
    expect(shop.vault.keys()).toEqual(shop.vault.keys(`${LOG}2026/11/20/shop-db/news/20261120T021000.000Z-`));
  });
});

describe('a trouble', () => {
  it('is told at once in the form of each protocol, with its id, and with source and severity to filter by', async () => {
    const sns = mockClient(SNSClient).on(PublishCommand).resolves({ MessageId: 'm' });
    await notify(failed());
    const { Message: texts = '', ...input } = sns.commandCalls(PublishCommand)[0]?.args[0].input ?? {};
    expect(input).toEqual({
      TopicArn: 'arn:aws:sns:us-east-1:111122223333:lifeboat-shop-test-critical',
      Subject: '[critical] Snapshot of shop-db failed',
      MessageStructure: 'json',
      MessageAttributes: {
        source: { DataType: 'String', StringValue: 'shop-db' },
        severity: { DataType: 'String', StringValue: 'critical' },
        state: { DataType: 'String', StringValue: 'begun' },
      },
    });
    const { default: text, sms, http, https, lambda } = JSON.parse(texts);
    expect(sms).toMatch(/^CRITICAL shop: Snapshot of shop-db failed, since 02:00 UTC. Ack shop-db\./);
    expect(text).toMatch(/^Snapshot of shop-db failed\n\nPlatform: shop, us-east-1\n/);
    expect([http, https]).toEqual([lambda, lambda]);
    expect(JSON.parse(lambda)).toMatchObject({ id: ID, state: 'begun', topic: 'critical' });
  });

  it('demands acknowledgement when it is critical, by a command that works as it stands', async () => {
    await notify(failed());
    await notify(failed({ topic: 'warning', trouble: 'posture' }));
    const [critical, warning] = shop.messages.map(({ notice }) => notice);
    expect(critical?.acknowledge).toEqual({
      before: '2026-11-20T02:25:00.000Z',
      command: `aws lambda invoke --region us-east-1 --function-name lifeboat-shop-test-notificationAcknowledge --cli-binary-format raw-in-base64-out --payload '{"id":"${ID}","by":"<your name>"}' /dev/stdout`,
    });
    expect(warning).not.toHaveProperty('acknowledge');
    expect(shop.messages[0]?.text).toContain(
      `Update:   when it is over; and at 02:25 UTC if it happens again until then`,
    );
  });

  it('that repeats within the window is counted, kept, and not sent', async () => {
    await notify(failed());
    for (let count = 0; count < 4; count++) {
      later(2);
      await notify(failed({ what: `Snapshot of shop-db failed again (${count})` }));
    }
    expect(said()).toEqual(['critical begun: Snapshot of shop-db failed']);
    expect(shop.vault.keys(LOG).map((key) => JSON.parse(shop.vault.text(key)).what)).toEqual([
      'Snapshot of shop-db failed',
      ...[0, 1, 2, 3].map((count) => `Snapshot of shop-db failed again (${count})`),
    ]);
    expect(shop.telemetry.metrics()).toHaveLength(4);
    expect(shop.telemetry.metrics()[0]).toEqual({ name: 'NotificationsFolded', value: 1, source: 'shop-db' });
  });

  it('that goes on after the window is told once more, with what was not sent', async () => {
    await notify(failed());
    later(10);
    await notify(failed());
    later(5);
    await notify(failed());
    await notify(failed());
    expect(said()).toEqual([
      'critical begun: Snapshot of shop-db failed',
      'critical goes on: Snapshot of shop-db failed',
    ]);
    expect(shop.messages[1]?.notice).toMatchObject({ id: ID, repeats: 2 });
  });

  it('of another kind or source is another trouble', async () => {
    await notify(failed());
    await notify(failed({ trouble: 'export-failed', topic: 'warning' }));
    await notify(failed({ source: 'shop-cache' }));
    expect(shop.messages).toHaveLength(3);
  });

  it('that was silent for longer than a day begins anew', async () => {
    await notify(failed());
    later(27 * 60);
    await notify(failed({ since: now() }));
    expect(shop.messages.map(({ notice }) => [notice.state, notice.id])).toEqual([
      ['begun', ID],
      ['begun', 'shop-db.snapshot-failed.20261121t051000z'],
    ]);
  });

  it('is told by one of many who find it at the same moment', async () => {
    await Promise.all(Array.from({ length: 50 }, () => notify(failed())));
    expect(said()).toEqual(['critical begun: Snapshot of shop-db failed']);
    expect(shop.vault.keys(LOG)).toHaveLength(50);
  });
});

describe('the end of a trouble', () => {
  it('is told to those who heard of it, with how long it lasted and how often it came', async () => {
    await notify(failed());
    later(5);
    await notify(failed());
    await notify(failed());
    later(60);
    await over();
    expect(shop.messages[1]).toMatchObject({
      topic: 'critical',
      subject: '[critical] recovered: Snapshot of shop-db failed',
    });
    expect(shop.messages[1]?.text).toBe(
      `recovered: Snapshot of shop-db failed

Platform: shop, us-east-1
Source:   shop-db
Since:    2026-11-20T02:00:00.000Z
Impact:   Over after 75 min.
Repeats:  2, not sent one by one

Evidence:
  - over since 2026-11-20T03:15:00.000Z
  - stored: shop-db-2

Next:     Nothing, unless it comes back.

Id: ${ID}`,
    );
  });

  it('is told once, whoever finds it and however often', async () => {
    await notify(failed());
    await Promise.all([over(), over(), over()]);
    await over();
    expect(shop.messages.map(({ notice }) => notice.state)).toEqual(['begun', 'recovered']);
  });

  it('of what never was is not told', async () => {
    await over();
    expect(shop.messages).toEqual([]);
    expect(shop.vault.keys()).toEqual([]);
  });

  it('is followed by silence when it comes back at once, and by a message when it comes back later', async () => {
    await notify(failed());
    later(1);
    await over();
    later(1);
    await notify(failed());
    expect(shop.messages.map(({ notice }) => notice.state)).toEqual(['begun', 'recovered']);
    await over();
    later(20);
    await notify(failed({ since: now() }));
    expect(shop.messages.map(({ notice }) => notice.state)).toEqual(['begun', 'recovered', 'begun']);
    expect(shop.messages[2]?.notice).not.toHaveProperty('repeats');
  });
});

describe('when SNS refuses', () => {
  const refusal = new NotFoundException({ message: 'Topic does not exist', $metadata: {} });

  it('the work that had to tell fails, and the next one tells', async () => {
    shop.publishing = () => {
      throw refusal;
    };
    await expect(notify(failed())).rejects.toThrow('Topic does not exist');
    await expect(notify(failed({ trouble: undefined as never }))).rejects.toThrow('Topic does not exist');
    shop.publishing = () => undefined;
    await notify(failed());
    expect(said()).toEqual(['critical begun: Snapshot of shop-db failed']);
  });

  it('the end of a trouble, too, is told by the next who finds it', async () => {
    await notify(failed());
    shop.publishing = () => {
      throw refusal;
    };
    await over();
    expect(shop.messages).toHaveLength(1);
    expect(shop.telemetry.logs()).toContainEqual(expect.objectContaining({ message: 'end of a trouble not told yet' }));
    shop.publishing = () => undefined;
    await over();
    expect(shop.messages.map(({ notice }) => notice.state)).toEqual(['begun', 'recovered']);
  });
});

describe('when the vault', () => {
  it.each(['get', 'put', 'list'] as const)(
    'refuses to %s, people are told all the same, and the log says so',
    async (broken) => {
      await notify(failed());
      later(16);
      shop.vault.before = (operation) => {
        if (operation === broken) throw failure('ServiceUnavailable', 503);
      };
      await notify(failed());
      expect(shop.messages).toHaveLength(2);
      expect(shop.telemetry.logs()).toContainEqual(
        expect.objectContaining({ level: 'WARN', message: 'message without the vault' }),
      );
    },
  );

  it('does not answer, people are told after five seconds', async () => {
    const waited = vi.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
      const patience = new AbortController();
      setImmediate(() => patience.abort());
      return patience.signal;
    });
    shop.vault.before = () => new Promise(() => undefined);
    await notify(failed());
    expect(said()).toEqual(['critical begun: Snapshot of shop-db failed']);
    expect(waited.mock.calls[0]).toEqual([5000]);
  });

  it('holds a document nobody understands, people are told each time', async () => {
    await shop.vault.place('notifications/us-east-1/troubles/shop-db/snapshot-failed.json', 'garbage');
    await notify(failed());
    await notify(failed());
    expect(shop.messages).toHaveLength(2);
  });

  it('takes a write whose answer is lost, it is told once', async () => {
    let lost = false;
    shop.vault.after = (operation, key) => {
      if (lost || operation !== 'put' || !key.includes('/troubles/')) return;
      lost = true;
      throw failure('PreconditionFailed', 412);
    };
    await notify(failed());
    expect(lost).toBe(true);
    expect(shop.messages).toHaveLength(1);
  });
});
