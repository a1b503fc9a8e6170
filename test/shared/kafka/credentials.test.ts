import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { Kafka } from '../../../shared/config/kafka.ts';
import { clusterToken, signIn } from '../../../shared/kafka/credentials.ts';
import { stubEnvironment } from '../../support/environment.ts';

const given = (auth: object) => ({
  ...{ kind: 'kafka', bootstrap: ['b-1.example:9098'], auth, topics: { include: ['*'] } },
  ...{ schedules: { archive: 'rate(15 minutes)' }, retention: { archive: '90 days' } },
  objectives: { rpo: '30 minutes', rto: '30 minutes' },
});
const source = (auth: object) => Kafka.parse(given(auth));
const secretIs = (content: string | undefined): void => {
  const stub = mockClient(SecretsManagerClient).on(GetSecretValueCommand);
  if (content === undefined) stub.rejects(new ResourceNotFoundException({ message: 'none', $metadata: {} }));
  else stub.resolves({ SecretString: content });
};

beforeEach(() => stubEnvironment());

describe('signing in to brokers', () => {
  it('is by a secret, read anew each time', async () => {
    secretIs('{"username":"lifeboat","password":"correct-horse"}');
    expect(await signIn('shop-events', source({ mode: 'scram', secret: 'shop/kafka' }))).toEqual({
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'lifeboat', password: 'correct-horse' },
    });
  });

  it.each([
    ['missing', undefined],
    ['no JSON', 'correct-horse'],
    ['without a name', '{"password":"correct-horse"}'],
  ])('is refused where the secret is %s, quoting nothing of it', async (_, content) => {
    secretIs(content);
    const refused = await signIn('shop-events', source({ mode: 'scram', secret: 'shop/kafka' })).catch(String);
    expect(refused).toMatch(/^KafkaAccessDenied.*shop\/kafka/s);
    expect(refused).not.toContain('correct-horse');
  });

  it('is by nothing where brokers ask for nothing', async () => {
    expect(await signIn('shop-events', source({ mode: 'none' }))).toEqual({});
  });

  it('is by the role at MSK: a link to its own service, signed for a quarter of an hour, without a secret in it', async () => {
    expect(await signIn('shop-events', source({ mode: 'iam' }))).toMatchObject({ sasl: { mechanism: 'OAUTHBEARER' } });
    const token = await clusterToken('us-east-1', {
      ...{ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI', sessionToken: 'session' },
    });
    const url = new URL(Buffer.from(token, 'base64url').toString());
    expect(url.origin).toBe('https://kafka.us-east-1.amazonaws.com');
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      Action: 'kafka-cluster:Connect',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': expect.stringMatching(/^AKIDEXAMPLE\/\d{8}\/us-east-1\/kafka-cluster\/aws4_request$/),
      'X-Amz-Expires': '900',
      'X-Amz-Security-Token': 'session',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
      'User-Agent': 'lifeboat',
    });
    expect(url.href).not.toContain('wJalrXUtnFEMI');
  });
});

describe('the configuration of a cluster', () => {
  it('wants TLS and the role unless it says otherwise, and refuses what is no broker or no topic', () => {
    expect(source({ mode: 'iam' })).toMatchObject({ tls: true, concurrency: 4, retention: { archive: 90 * 86_400 } });
    const parses = (change: object) => Kafka.safeParse({ ...given({ mode: 'none' }), ...change }).success;
    expect(parses({})).toBe(true);
    for (const wrong of [
      { bootstrap: ['no-port'] },
      { topics: { include: [] } },
      { topics: { include: ['a b'] } },
      { tls: 'yes' },
      { auth: { mode: 'scram' } },
    ])
      expect(parses(wrong), JSON.stringify(wrong)).toBe(false);
  });
});
