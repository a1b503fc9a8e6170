// Messages as people and machines get them, from the packaged service in two local regions: real functions and permissions,
// conditional writes in the vault, topics with their subscribers, schedules on the region's clock.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalPlatform, startPlatform } from '../../local/platform.ts';
import { invoke, keysIn } from '../../local/story/observations.ts';
import type { LocalRegion } from '../../local/world.ts';
import { Notice } from '../../shared/notify/message.ts';
import { epochKey } from '../../shared/recovery/documents.ts';

const MINUTE = 60_000;
let directory: string;
let shop: LocalPlatform;
let endpoint: Server;
const posted: Record<string, string>[] = [];

const topic = (name: string) => `arn:aws:sns:${shop.primary.name}:${shop.primary.account}:${shop.service}-${name}`;
const mails = (region: LocalRegion, address: string) => region.sns.inbox().filter((mail) => mail.address === address);
const advance = (minutes: number) =>
  shop.world.clock.advanceTo(new Date(shop.world.clock.now().getTime() + minutes * MINUTE));
/** What Step Functions says on the bus when an execution has ended. */
const ended = (machine: string, status: string, name: string) => {
  const arn = `arn:aws:states:${shop.primary.name}:${shop.primary.account}`;
  const at = shop.world.clock.now().getTime();
  shop.primary.emit({
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [],
    detail: {
      executionArn: `${arn}:execution:${shop.service}-${machine}:${name}`,
      stateMachineArn: `${arn}:stateMachine:${shop.service}-${machine}`,
      ...{ name, status, startDate: at - 1000, stopDate: at, input: '{"source":"shop-db"}', error: 'NotRestored' },
    },
  });
};

beforeAll(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-messages-'));
  shop = await startPlatform({ directory, start: new Date('2026-11-23T10:00:00Z') });
  endpoint = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    posted.push(JSON.parse(text));
    response.end();
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const Endpoint = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/`;
  await shop.ask(shop.primary, 'sns', 'Subscribe', { TopicArn: topic('critical'), Protocol: 'http', Endpoint });
  await shop.world.clock.settled();
  const Token = posted[0]?.Token;
  await shop.ask(shop.primary, 'sns', 'ConfirmSubscription', { TopicArn: topic('critical'), Token });
}, 180_000);
afterAll(async () => {
  endpoint?.close();
  await shop?.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('a trouble', () => {
  it('of which 200 come at once is told in a message or two, and every one is kept', async () => {
    for (let count = 0; count < 200; count++) ended('verify-database', 'FAILED', `e${count}`);
    await shop.world.clock.settled();
    const read = mails(shop.primary, 'oncall@shop.example');
    expect(read).toMatchObject([{ subject: '[critical] verify-database of shop-db ended FAILED: NotRestored' }]);
    expect(read[0]?.message).toMatch(/^Platform: shop, us-east-1$/m);
    expect(read[0]?.message).toMatch(/^Next: {5}Read the failed state.*redrive-execution --region us-east-1/m);
    expect(mails(shop.primary, '+15550100')).toMatchObject([
      { protocol: 'sms', message: expect.stringMatching(/^CRITICAL shop: verify-database of shop-db ended FAILED/) },
    ]);
    const notices = posted.filter(({ Type }) => Type === 'Notification').map(({ Message = '' }) => JSON.parse(Message));
    expect(notices.map((notice) => Notice.parse(notice).state)).toEqual(['begun']);
    const bucket = shop.stacks.primary.outputs.VaultBucketName as string;
    expect(await keysIn(shop, shop.primary, bucket, 'notifications/us-east-1/log/')).toHaveLength(200);
  }, 240_000);

  it('that nobody acknowledges goes to the next level by the clock, and stops when somebody does', async () => {
    await advance(14);
    expect(mails(shop.primary, 'platform-lead@shop.example')).toEqual([]);
    await advance(7);
    const [lead] = mails(shop.primary, 'platform-lead@shop.example');
    expect(lead?.subject).toMatch(/^\[critical\] not acknowledged: verify-database of shop-db/);
    expect(mails(shop.primary, 'oncall@shop.example').at(-1)?.message).toMatch(
      /^Repeats: {2}199, not sent one by one$/m,
    );
    expect(mails(shop.primary, '+15550101')).toHaveLength(1);

    const id = /^Id: (\S+)$/m.exec(lead?.message ?? '')?.[1];
    const by = await Promise.all(
      ['Ada', 'Ben'].map((name) => invoke<{ by: string }>(shop, 'notificationAcknowledge', { id, by: name })),
    );
    expect(by[0]?.by).toBe(by[1]?.by);
    await advance(40);
    expect(mails(shop.primary, 'cto@shop.example')).toEqual([]);
    const acknowledged = mails(shop.primary, 'oncall@shop.example').filter(({ subject }) =>
      /acknowledged: /.test(subject),
    );
    expect(acknowledged).toHaveLength(1);
  }, 120_000);

  it('that is over is told, with how often it came', async () => {
    ended('verify-database', 'SUCCEEDED', 'good');
    await shop.world.clock.settled();
    const last = mails(shop.primary, 'oncall@shop.example').at(-1);
    expect(last?.subject).toMatch(/^\[critical\] recovered: verify-database of shop-db/);
    expect(last?.message).toMatch(/^Repeats: {2}199/m);
    expect(last?.message).toContain('succeeded: arn:aws:states:us-east-1');
  }, 60_000);
});

describe('while a failover runs', () => {
  const put = (status: object) =>
    shop.ask(shop.recovery, 's3', 'PutObject', {
      Bucket: shop.stacks.recovery.outputs.VaultBucketName,
      Key: epochKey(shop.recovery.name),
      ...{ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: shop.stacks.recovery.outputs.VaultKeyArn },
      Body: JSON.stringify({
        ...{ epoch: 1, failoverId: 'f-1', kind: 'failover', from: 'us-east-1', to: 'us-west-2', execution: 'arn:x' },
        ...{ declaredAt: shop.world.clock.now().toISOString(), reason: 'us-east-1 does not answer', ...status },
      }),
    });

  it('each audience is told by the region that takes over, in its words, at its pace, until it ends', async () => {
    const declaredAt = shop.world.clock.now().toISOString();
    await put({ declaredAt, status: 'running' });
    await advance(66);
    const count = (name: string) => mails(shop.recovery, `${name}@shop.example`).length;
    expect(['engineering', 'management', 'support', 'status', 'partners'].map(count)).toEqual([5, 3, 2, 1, 1]);
    expect(mails(shop.recovery, 'status@shop.example')[0]?.subject).toBe('shop: Service disruption, update 1');
    expect(mails(shop.primary, 'engineering@shop.example')).toEqual([]);

    await put({ declaredAt, status: 'done', endedAt: shop.world.clock.now().toISOString() });
    await advance(30);
    expect(['engineering', 'management', 'support', 'status', 'partners'].map(count)).toEqual([6, 4, 3, 2, 2]);
    expect(mails(shop.recovery, 'status@shop.example')[1]?.subject).toBe('shop: Service restored');
  }, 120_000);
});
