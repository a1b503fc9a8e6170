// Posts to an address that a secret holds. Neither address nor key ever stand in a log, an error or a message: both are
// the right to post.
import type { LookupAddress } from 'node:dns';
import https from 'node:https';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { secrets } from '../../shared/aws/clients.ts';
import { Json } from '../../shared/json.ts';
import { publicAddresses } from './addresses.ts';
import { WebhookFailed, WebhookUnusable } from './errors.ts';

const httpsUrl = z.url({ protocol: /^https$/ }).transform((text) => new URL(text));

export const SLACK = z.strictObject({ url: httpsUrl });
/** `url` for another service region, such as events.eu.pagerduty.com. */
export const PAGERDUTY = z.strictObject({
  routingKey: z.string().regex(/^\w{32}$/),
  url: z.string().default('https://events.pagerduty.com/v2/enqueue').pipe(httpsUrl),
});

const TIMEOUT_MS = 10_000;

/** @throws {WebhookUnusable} {AddressRefused} {WebhookFailed} */
export const post = async <T extends { url: URL }>(
  secret: string,
  schema: z.ZodType<T>,
  bodyFor: (access: T) => object,
): Promise<void> => {
  const access = await read(secret, schema);
  const addresses = await publicAddresses(secret, access.url.hostname);
  const status = await send(secret, access.url, JSON.stringify(bodyFor(access)), addresses);
  if (status >= 200 && status < 300) return;
  throw new WebhookFailed('the webhook did not take the message.', {
    source: secret,
    expected: 'an answer of 2xx',
    found: String(status),
    next:
      status === 429 || status >= 500
        ? 'It is tried again; if it lasts, look at the state of the service behind it.'
        : 'Make the webhook anew and put its address or key into the secret.',
  });
};

const read = async <T>(secret: string, schema: z.ZodType<T>): Promise<T> => {
  const { SecretString = '' } = await secrets().send(new GetSecretValueCommand({ SecretId: secret }));
  const parsed = Json.pipe(schema).safeParse(SecretString);
  if (parsed.success) return parsed.data;
  throw new WebhookUnusable('the secret holds no webhook.', {
    source: secret,
    expected: 'JSON with "url" (https) for Slack, with "routingKey" (32 characters) for PagerDuty',
    // Paths only: what stands there is secret.
    found: `a mistake in: ${parsed.error.issues.map(({ path }) => path.join('.') || 'the whole').join(', ')}`,
    next: 'Write it anew (docs/notifications.md shows how).',
  });
};

/** Connects to the addresses that were looked at and to no others, and follows no redirect: what is refused stays refused. */
const send = async (secret: string, url: URL, body: string, addresses: LookupAddress[]): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const [first] = addresses as [LookupAddress];
  const request = https.request(
    url,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      agent: new https.Agent({ keepAlive: false }),
      lookup: (_, { all }, found) => (all ? found(null, addresses) : found(null, first.address, first.family)),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    },
    (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    },
  );
  request.on('error', reject);
  request.end(body);
  try {
    return await promise;
  } catch (cause) {
    const { code, name } = cause as NodeJS.ErrnoException;
    throw new WebhookFailed('the webhook could not be reached.', {
      source: secret,
      expected: `an answer within ${TIMEOUT_MS / 1000} s`,
      found: code ?? name,
      next: 'It is tried again; if it lasts, look at the state of the service behind it.',
    });
  }
};
