// How a function signs in to brokers: by its role (MSK), by a secret (SCRAM), or not at all.
import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import type { ConnectionOptions } from '@platformatic/kafka';
import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';
import { z } from 'zod';
import { secrets } from '../aws/clients.ts';
import type { KafkaSource } from '../config/schema.ts';
import { settings } from '../config/settings.ts';
import { KafkaAccessDenied } from './errors.ts';

type Credentials = ConstructorParameters<typeof SignatureV4>[0]['credentials'];

const Login = z.object({ username: z.string().min(1), password: z.string().min(1) });

/** @throws {KafkaAccessDenied} where the secret is missing or no login. */
export const signIn = async (source: string, { auth }: KafkaSource): Promise<Pick<ConnectionOptions, 'sasl'>> => {
  switch (auth.mode) {
    case 'none':
      return {};
    case 'scram':
      return { sasl: { mechanism: 'SCRAM-SHA-512', ...(await readLogin(source, auth.secret)) } };
    case 'iam':
      return { sasl: { mechanism: 'OAUTHBEARER', token: () => clusterToken(settings().region, secretsCredentials()) } };
  }
};

/** @throws {KafkaAccessDenied} where the secret is missing or no login. */
export const readLogin = async (source: string, secret: string): Promise<z.output<typeof Login>> => {
  const facts = {
    source,
    expected: `secret ${secret} with username and password`,
    next: 'Restore the secret, or replicate it into this region; then the next run goes on.',
  };
  try {
    const { SecretString = '' } = await secrets().send(new GetSecretValueCommand({ SecretId: secret }));
    const login = Login.safeParse(JSON.parse(SecretString));
    if (login.success) return login.data;
  } catch (error) {
    // A parser's message quotes what it could not read: of a secret, nothing may be quoted.
    if (error instanceof ResourceNotFoundException)
      throw new KafkaAccessDenied('Secrets Manager does not have this secret.', facts);
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new KafkaAccessDenied('the secret is no login to a cluster.', { ...facts, found: 'another content' });
};

const secretsCredentials = (): Credentials => secrets().config.credentials;

/** The most that MSK takes. */
const EXPIRES_SECONDS = 900;

/**
 * MSK's token: a presigned request of its own service, sent to the brokers and nowhere else (aws-msk-iam-sasl-signer-js,
 * "How it works", 2026-11).
 */
export const clusterToken = async (region: string, credentials: Credentials): Promise<string> => {
  const hostname = `kafka.${region}.amazonaws.com`;
  const signer = new SignatureV4({ credentials, region, service: 'kafka-cluster', sha256: Sha256 });
  const { query = {} } = await signer.presign(
    {
      ...{ method: 'GET', protocol: 'https:', hostname, path: '/', headers: { host: hostname } },
      query: { Action: 'kafka-cluster:Connect' },
    },
    { expiresIn: EXPIRES_SECONDS },
  );
  const search = new URLSearchParams({ ...(query as Record<string, string>), 'User-Agent': 'lifeboat' });
  return Buffer.from(`https://${hostname}/?${search}`).toString('base64url');
};
