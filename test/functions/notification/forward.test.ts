// Posted for real, over TLS, to a server on this machine: only the look at its address is told to let it through.
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/notification/forward.json' with { type: 'json' };
import { AddressRefused } from '../../../functions/notification/errors.ts';
import { handler as forward } from '../../../functions/notification/forward.ts';
import { certificatesOf } from '../../../local/engines/certificates.ts';
import { invoke, type ShopPlatform, shopPlatform } from '../../support/platform.ts';
import { failure } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/webhooks.config.ts'));
const resolved = vi.hoisted(() => ({ asked: [] as string[], refuse: undefined as Error | undefined }));
vi.mock('../../../functions/notification/addresses.ts', () => ({
  publicAddresses: async (_: string, host: string) => {
    resolved.asked.push(host);
    if (resolved.refuse) throw resolved.refuse;
    return [{ address: '127.0.0.1', family: 4 }];
  },
}));

const KEY = 'a'.repeat(32);
const TOKEN = 'T0000B0000SECRETSECRET';
let server: Server;
let port: number;
let shop: ShopPlatform;
let secretOf: Record<string, string>;
const requests: { path: string; body: Record<string, unknown>; type: string | undefined }[] = [];
let statusOf: (path: string) => number;

beforeAll(async () => {
  const { ca, certificate, key } = await certificatesOf({});
  tls.setDefaultCACertificates([ca]);
  server = createServer({ cert: certificate, key }, async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    requests.push({ path: request.url ?? '', body: JSON.parse(text), type: request.headers['content-type'] });
    response.writeHead(statusOf(request.url ?? ''), { location: 'https://169.254.169.254/' }).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

beforeEach(() => {
  shop = shopPlatform('2026-11-20T02:10:00.000Z');
  requests.length = 0;
  resolved.asked.length = 0;
  resolved.refuse = undefined;
  statusOf = () => 200;
  secretOf = {
    'lifeboat/webhooks/alerts': JSON.stringify({ url: `https://localhost:${port}/services/${TOKEN}` }),
    'lifeboat/webhooks/oncall': JSON.stringify({ routingKey: KEY, url: `https://localhost:${port}/v2/enqueue` }),
  };
  mockClient(SecretsManagerClient)
    .on(GetSecretValueCommand)
    .callsFake(({ SecretId }) => ({ SecretString: secretOf[SecretId] }));
});
afterEach(() => void vi.useRealTimers());

const sns = sample.Records[0]?.Sns ?? expect.unreachable();
const deliver = (change: object = {}) =>
  invoke(forward, { Records: [{ ...sample.Records[0], Sns: { ...sns, ...change } }] });
const notice = (change: object) => ({ Message: JSON.stringify({ ...JSON.parse(sns.Message), ...change }) });
const slack = () =>
  requests.find(({ path }) => path.startsWith('/services'))?.body as { text: string; blocks: object[] };
const pagerDuty = () => requests.find(({ path }) => path === '/v2/enqueue')?.body as Record<string, unknown>;

describe('a message', () => {
  it('reaches Slack as text and blocks', async () => {
    await expect(deliver()).resolves.toEqual({ posted: 2 });
    expect(requests.map(({ type }) => type)).toEqual(['application/json', 'application/json']);
    expect(resolved.asked).toEqual(['localhost', 'localhost']);
    const { text, blocks } = slack();
    expect(text).toBe('[critical] Backup of shop-db failed: RDS says that the snapshot failed');
    expect(blocks[0]).toEqual({ type: 'header', text: { type: 'plain_text', text } });
    expect(blocks[1]).toMatchObject({
      type: 'section',
      fields: [{ text: '*Source*\nshop-db' }, { text: '*Since*\n2026-11-20T02:00:00.000Z' }, {}, {}],
    });
    expect(JSON.stringify(blocks)).toContain('*Next*\\nMend the cause and start a snapshot on demand.');
    expect(JSON.stringify(blocks)).toContain('• method: snapshot');
  });

  it('opens an alert in PagerDuty, under the id of its trouble', async () => {
    await deliver();
    expect(pagerDuty()).toEqual({
      routing_key: KEY,
      dedup_key: 'shop-db.snapshot-failed.20261120t020000z',
      event_action: 'trigger',
      client: 'Lifeboat',
      payload: {
        summary: 'shop: Backup of shop-db failed: RDS says that the snapshot failed',
        source: 'shop/us-east-1',
        severity: 'critical',
        timestamp: '2026-11-20T02:00:00.000Z',
        component: 'shop-db',
        group: 'shop',
        class: 'critical',
        custom_details: expect.objectContaining({ repeats: 0, recoveryPoint: 'shop-db-20261120t020000z-scheduled' }),
      },
    });
  });

  it.each([
    ['recovered', 'resolve'],
    ['acknowledged', 'acknowledge'],
    ['goes on', 'trigger'],
    ['escalated', 'trigger'],
  ])('that says "%s" is the event "%s" of the same alert', async (state, action) => {
    await deliver(notice({ state }));
    expect(pagerDuty()).toMatchObject({ event_action: action, dedup_key: 'shop-db.snapshot-failed.20261120t020000z' });
  });

  it('that is news opens an alert of its own, as severe as its topic', async () => {
    const { id: _, ...news } = JSON.parse(sns.Message);
    await deliver({ Message: JSON.stringify({ ...news, state: 'news', topic: 'verification' }) });
    expect(pagerDuty()).not.toHaveProperty('dedup_key');
    expect(pagerDuty()).toMatchObject({ event_action: 'trigger', payload: { severity: 'info' } });
  });

  it('is no mark-up of Slack, and no longer than Slack takes', async () => {
    const long = `<!channel> & <https://x|y> ${'<'.repeat(9000)}`;
    await deliver(
      notice({
        what: long,
        impact: long,
        evidence: Array(40).fill(long),
        next: long,
        acknowledge: { before: '2026-11-20T02:25:00.000Z', command: long },
      }),
    );
    const { text, blocks } = slack();
    expect(`${text}${JSON.stringify(blocks.slice(1))}`).not.toMatch(/[<>]/);
    for (const block of blocks as { text?: { text: string } }[])
      expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(3000);
    expect((blocks as { text: { text: string } }[])[0]?.text.text.length).toBeLessThanOrEqual(150);
    expect(blocks.length).toBeLessThanOrEqual(50);
  });

  it('for customers is their text only', async () => {
    await deliver(notice({ wording: 'customer', what: 'Service disruption, update 1' }));
    expect(slack().blocks).toHaveLength(2);
    expect(JSON.stringify(slack())).not.toMatch(/Evidence|snapshot-failed/);
  });

  it('of a topic without webhooks goes nowhere', async () => {
    await expect(deliver({ TopicArn: sns.TopicArn.replace('critical', 'warning') })).resolves.toEqual({ posted: 0 });
  });
});

describe('an alarm of CloudWatch', () => {
  const alarm = {
    AlarmName: 'lifeboat-shop-test-shop-db-rpo',
    AlarmDescription: 'A restore begun now would lose more than the objective allows.',
    AWSAccountId: '111122223333',
    NewStateValue: 'ALARM',
    NewStateReason: 'Threshold Crossed: 3 datapoints were greater than the threshold (300.0).',
    StateChangeTime: '2026-11-20T02:09:00.000+0000',
  };

  it('is readable, and says where to look', async () => {
    await deliver({ Message: JSON.stringify(alarm), Subject: 'ALARM: "x" in US East (N. Virginia)' });
    expect(slack().text).toMatch(/^\[critical\] lifeboat-shop-test-shop-db-rpo: A restore begun now would lose/);
    expect(pagerDuty()).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'alarm.lifeboat-shop-test-shop-db-rpo',
      payload: {
        severity: 'critical',
        timestamp: '2026-11-20T02:09:00.000Z',
        custom_details: {
          impact: alarm.NewStateReason,
          next: expect.stringContaining('aws cloudwatch describe-alarms'),
        },
      },
    });
  });

  it('that is over ends its alert', async () => {
    await deliver({ Message: JSON.stringify({ ...alarm, NewStateValue: 'OK', StateChangeTime: 'x' }) });
    expect(pagerDuty()).toMatchObject({ event_action: 'resolve', dedup_key: 'alarm.lifeboat-shop-test-shop-db-rpo' });
  });
});

it('text of whoever else is passed on as it is', async () => {
  await deliver({ Message: 'shop-db-2 was restored.\nIt took 40 s.', Subject: '[critical] restored' });
  expect(slack().text).toBe('[critical] [critical] restored');
  expect(JSON.stringify(slack().blocks)).toContain('• It took 40 s.');
});

describe('a webhook', () => {
  it.each([429, 500, 503])('that answers %i fails the run, and the retry posts to it alone', async (status) => {
    statusOf = (path) => (path === '/v2/enqueue' ? status : 200);
    const failing = deliver();
    await expect(failing).rejects.toMatchObject({ name: 'MessagesUntold' });
    await expect(failing).rejects.toThrow(new RegExp(`lifeboat/webhooks/oncall.*Found ${status}.*It is tried again`));
    statusOf = () => 202;
    await expect(deliver()).resolves.toEqual({ posted: 1 });
    expect(requests.map(({ path }) => path.slice(0, 9))).toEqual(['/services', '/v2/enque', '/v2/enque']);
  });

  it.each([400, 403, 404, 410])('that answers %i is to be made anew', async (status) => {
    statusOf = () => status;
    await expect(deliver()).rejects.toThrow(/Make the webhook anew/);
  });

  it('that leads elsewhere is not followed', async () => {
    statusOf = () => 302;
    await expect(deliver()).rejects.toThrow(/Found 302/);
    expect(requests).toHaveLength(2);
  });

  it('whose address is refused is not asked', async () => {
    resolved.refuse = new AddressRefused('no public address.', { source: 'lifeboat/webhooks/alerts', next: 'x' });
    await expect(deliver()).rejects.toThrow(/no public address/);
    expect(requests).toEqual([]);
  });

  it('is reached at the address that was looked at, whatever its name leads to, and has to prove its name', async () => {
    secretOf['lifeboat/webhooks/alerts'] = JSON.stringify({ url: `https://hooks.example.invalid:${port}/${TOKEN}` });
    await expect(deliver()).rejects.toThrow(/ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  it('that nobody answers at is named by its secret', async () => {
    secretOf['lifeboat/webhooks/alerts'] = JSON.stringify({ url: `https://localhost:1/services/${TOKEN}` });
    await expect(deliver()).rejects.toThrow(
      /lifeboat\/webhooks\/alerts: the webhook could not be reached.*ECONNREFUSED/,
    );
  });

  it.each([
    ['no JSON', TOKEN],
    ['plain HTTP', JSON.stringify({ url: `http://localhost/${TOKEN}` })],
    ['no address', JSON.stringify({ uri: `https://localhost/${TOKEN}` })],
  ])('whose secret holds %s is unusable, and what stands there is not repeated', async (_, secret) => {
    secretOf['lifeboat/webhooks/alerts'] = secret;
    const failing = deliver();
    await expect(failing).rejects.toThrow(/the secret holds no webhook/);
    await expect(failing).rejects.not.toThrow(TOKEN);
  });

  it('is posted to although the vault does not answer', async () => {
    shop.vault.before = () => {
      throw failure('ServiceUnavailable', 503);
    };
    await expect(deliver()).resolves.toEqual({ posted: 2 });
  });

  it('leaves neither its address nor its key in log or error, whatever happens', async () => {
    const found: string[] = [];
    for (const status of [200, 302, 404, 500]) {
      statusOf = () => status;
      found.push(
        await deliver({ MessageId: `m-${status}` }).then(String, (error: Error) => `${error.stack}${error.cause}`),
      );
    }
    const all = found.join('\n') + JSON.stringify(shop.telemetry.logs());
    expect(all).toContain('lifeboat/webhooks/alerts');
    expect(all).not.toContain(TOKEN);
    expect(all).not.toContain(KEY);
  });
});
