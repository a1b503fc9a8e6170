import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { messagesBefore } from '../../../functions/reports/messages.ts';
import { messagesSection } from '../../../functions/reports/messages-section.ts';
import { now } from '../../../shared/clock.ts';
import { notify } from '../../../shared/notify/notify.ts';
import { type ShopPlatform, shopPlatform } from '../../support/platform.ts';

let shop: ShopPlatform;
beforeEach(() => {
  shop = shopPlatform('2026-11-19T23:59:00.000Z');
});
afterEach(() => void vi.useRealTimers());

const say = (what: string, trouble?: string) =>
  notify({
    ...{ topic: 'warning', what, source: 'shop-db', since: now(), impact: 'x', evidence: [], next: 'x' },
    ...(trouble ? { trouble } : {}),
  });

it('every message of the last seven days is counted, by day and kind, sent or not, of either region', async () => {
  await say('The first <b>', 'posture');
  for (let minute = 0; minute < 3; minute++) {
    shop.setTime(new Date(Date.parse('2026-11-20T00:05:00Z') + minute * 60_000));
    await say(`Again ${minute}`, 'posture');
  }
  await say('shop-db: PROVEN');
  const [key = ''] = shop.vault.keys('notifications/us-east-1/log/2026/11/20/shop-db/news/');
  await shop.vault.place(key.replace('us-east-1', 'us-west-2'), shop.vault.text(key));
  expect(shop.messages).toHaveLength(2);

  const messages = await messagesBefore(new Date('2026-11-20T07:00:00Z'));
  expect(messages).toEqual([
    {
      ...{ day: '2026-11-20', region: 'us-east-1', source: 'shop-db', kind: 'news', count: 1 },
      ...{ first: '2026-11-20T00:07:00.000Z', last: '2026-11-20T00:07:00.000Z', what: 'shop-db: PROVEN' },
    },
    {
      ...{ day: '2026-11-20', region: 'us-east-1', source: 'shop-db', kind: 'posture', count: 3 },
      ...{ first: '2026-11-20T00:05:00.000Z', last: '2026-11-20T00:07:00.000Z', what: 'Again 0' },
    },
    expect.objectContaining({ day: '2026-11-20', region: 'us-west-2', kind: 'news', count: 1 }),
    expect.objectContaining({ day: '2026-11-19', region: 'us-east-1', kind: 'posture', what: 'The first <b>' }),
  ]);
  const { text } = messagesSection(messages);
  expect(text).toContain('6 messages in seven days');
  expect(text).toContain('00:05 to 00:07');
  expect(text).toContain('The first &lt;b&gt;');

  await expect(messagesBefore(new Date('2026-11-28T00:00:00Z'))).resolves.toEqual([]);
  expect(messagesSection([]).text).toContain('Nothing was told in the last seven days.');
});
