import { NotFoundException } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler as sendUpdates } from '../../../functions/notification/send-updates.ts';
import { now } from '../../../shared/clock.ts';
import { type Epoch, epochKey, type Phase, type PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { stubEnvironment } from '../../support/environment.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';

const ID = 'f-20261120';
let shop: ShopPlatform;
beforeEach(async () => {
  shop = shopPlatform('2026-11-20T02:10:00.000Z');
  stubEnvironment({ AWS_REGION: 'us-west-2', LIFEBOAT_ROLE: 'recovery', PEER_REGION: 'us-east-1' });
});
afterEach(() => void vi.useRealTimers());

const epoch: Epoch = {
  epoch: 1,
  failoverId: ID,
  kind: 'failover',
  from: 'us-east-1',
  to: 'us-west-2',
  execution: 'arn:aws:states:us-west-2:111122223333:execution:lifeboat-shop-test-failover:f',
  status: 'running',
  declaredAt: '2026-11-20T02:00:00.000Z',
  reason: 'us-east-1 does not answer',
};
const declared = (change: Partial<Epoch> = {}) =>
  shop.vault.place(epochKey('us-west-2'), JSON.stringify({ ...epoch, ...change }));
const phase = (name: Phase, change: Partial<PhaseRecord> = {}) =>
  shop.vault.place(
    phaseKey(ID, name),
    JSON.stringify({ phase: name, startedAt: '2026-11-20T02:01:00.000Z', attempts: 1, facts: {}, ...change }),
  );
const later = (minutes: number) => shop.setTime(new Date(now().getTime() + minutes * 60_000));
const send = () => invoke(sendUpdates, {}) as Promise<{ failoverId: string | null; told: string[] }>;
const ALL = ['engineering', 'management', 'support', 'customers', 'partners'];

describe('updates', () => {
  it('are none while no failover runs', async () => {
    await expect(send()).resolves.toEqual({ failoverId: null, told: [] });
    expect(shop.messages).toEqual([]);
  });

  it('are not about what the other region tells', async () => {
    await shop.vault.place(epochKey('us-east-1'), JSON.stringify(epoch));
    await expect(send()).resolves.toEqual({ failoverId: null, told: [] });
  });

  it('reach every audience at once, and then each at its own pace', async () => {
    await declared({ declaredAt: now().toISOString() });
    const turns: string[][] = [];
    for (let minutes = 0; minutes <= 240; minutes += 5) {
      turns.push((await send()).told);
      later(5);
    }
    expect(turns[0]).toEqual(ALL);
    const count = (audience: string) => turns.filter((told) => told.includes(audience)).length;
    expect(ALL.map(count)).toEqual([17, 9, 5, 3, 2]);
    expect(turns[1]).toEqual([]);
    expect(turns[3]).toEqual(['engineering']);
    expect(turns[6]).toEqual(['engineering', 'management']);
  });

  it('tell those inside what is done, what is not, since when, and where to look', async () => {
    await declared();
    await phase('declare', { endedAt: '2026-11-20T02:01:20.000Z', facts: { since: '2026-11-20T01:57:00.000Z' } });
    await phase('fence', { endedAt: '2026-11-20T02:04:00.000Z', targetSeconds: 120 });
    await phase('database', {
      startedAt: '2026-11-20T02:04:00.000Z',
      targetSeconds: 900,
      found: 'the replica is "modifying"',
    });
    await send();
    expect(shop.messages[0]).toMatchObject({
      topic: 'audience-engineering',
      subject: '[disaster] Failover of shop from us-east-1 to us-west-2 under way for 10 min: 2 phases done, now da',
    });
    expect(shop.messages[0]?.text).toBe(
      `Failover of shop from us-east-1 to us-west-2 under way for 10 min: 2 phases done, now database

Platform: shop, us-west-2
Source:   ${ID}
Since:    2026-11-20T01:57:00.000Z
Impact:   Customers are not served, or not fully, until it is done.

Evidence:
  - why: us-east-1 does not answer
  - declared: 2026-11-20T02:00:00.000Z
  - declare: done in 20 s
  - fence: done in 3 min (target 2 min, LATE)
  - database: under way for 6 min (target 15 min): the replica is "modifying"

Next:     Follow it: aws stepfunctions describe-execution --region us-west-2 --execution-arn ${epoch.execution}
Update:   02:15 UTC`,
    );
  });

  it('tell customers what it means for them, and nothing of what is inside', async () => {
    await declared();
    await phase('declare', { facts: { since: '2026-11-20T01:57:00.000Z' } });
    await phase('database');
    await send();
    const customers = shop.messages.find(({ topic }) => topic === 'audience-customers');
    expect(customers?.subject).toBe('shop: Service disruption, update 1');
    expect(customers?.text).toBe(
      `Service disruption, update 1

Since: 2026-11-20T01:57:00.000Z

Our service is not available, or only in part. We are sorry.

We are restoring our service in another location; your data is being made available there.

Next update: 04:00 UTC`,
    );
    expect(`${customers?.text}${customers?.sms}`).not.toMatch(/us-|region|database|failover|replica|arn:/i);
  });

  it.each<[Phase, string]>([
    ['declare', 'preparing to restore'],
    ['approve', 'preparing to restore'],
    ['workloads', 'being made available there'],
    ['dns', 'switching over to it'],
    ['validate', 'switching over to it'],
  ])('tell customers in the phase %s what is done', async (reached, doing) => {
    await declared();
    for (const name of ['declare', 'approve', 'database', 'workloads', 'dns', 'validate'] as const) {
      await phase(name);
      if (name === reached) break;
    }
    await send();
    expect(shop.messages.find(({ topic }) => topic === 'audience-customers')?.text).toContain(doing);
  });

  it('end with one to everybody when it is done, and only one', async () => {
    await declared();
    await send();
    later(7);
    await declared({ status: 'done', endedAt: '2026-11-20T02:14:00.000Z' });
    await expect(send()).resolves.toEqual({ failoverId: ID, told: ALL });
    await expect(send()).resolves.toEqual({ failoverId: ID, told: [] });
    const [engineering, , , customers] = shop.messages.slice(-5);
    expect(engineering?.subject).toContain('is done, after 14 min');
    expect(engineering?.text).toContain('Impact:   The platform lives in us-west-2.');
    expect(customers?.subject).toBe('shop: Service restored');
    expect(customers?.text).toContain('Our service is available again since 02:14 UTC.');
    expect(customers?.text).not.toContain('Next update');
    later(25 * 60);
    await expect(send()).resolves.toEqual({ failoverId: null, told: [] });
  });

  it('of one that was abandoned go to those inside, who then tell customers', async () => {
    await declared({ status: 'abandoned', endedAt: '2026-11-20T02:05:00.000Z' });
    await expect(send()).resolves.toMatchObject({ told: ['engineering', 'management'] });
    expect(shop.messages[0]?.text).toContain('was abandoned after 5 min');
    expect(shop.messages[0]?.text).toContain('Customers were told of no end: tell them how it goes on.');
  });

  it('of a failback are those of maintenance', async () => {
    await declared({ kind: 'failback' });
    await send();
    const customers = shop.messages.find(({ topic }) => topic === 'audience-customers');
    expect(customers?.text).toContain('Maintenance, update 1\n\nSince: 2026-11-20T02:00:00.000Z');
    expect(customers?.text).toContain('We are moving our service between locations, as planned.');
    await declared({ kind: 'failback', status: 'done', endedAt: '2026-11-20T02:09:00.000Z' });
    await send();
    expect(shop.messages.at(-2)?.subject).toBe('shop: Maintenance finished');
  });

  it('are told once, however many run at once', async () => {
    await declared();
    const runs = await Promise.all([send(), send(), send()]);
    expect(runs.flatMap(({ told }) => told).sort()).toEqual(ALL.toSorted());
    expect(shop.messages).toHaveLength(5);
  });

  it('that SNS refuses are named, the others are sent, and the next run makes up for them', async () => {
    await declared();
    let calls = 0;
    shop.publishing = () => {
      calls += 1;
      if (calls === 2) throw new NotFoundException({ message: 'Topic does not exist', $metadata: {} });
    };
    const sending = send();
    await expect(sending).rejects.toMatchObject({ name: 'MessagesUntold' });
    await expect(sending).rejects.toThrow(/management: Topic does not exist/);
    expect(shop.messages).toHaveLength(4);
    await expect(send()).resolves.toMatchObject({ told: ['management'] });
  });

  it('whose teller died are told by the next run', async () => {
    await declared();
    const key = `notifications/us-west-2/updates/${ID}/engineering/0.json`;
    await shop.vault.place(key, JSON.stringify({ at: '2026-11-20T02:09:30.000Z', by: 'dead', told: false }));
    expect((await send()).told).not.toContain('engineering');
    later(1);
    expect((await send()).told).toEqual(['engineering']);
  });
});
