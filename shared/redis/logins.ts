import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { secrets } from '../aws/clients.ts';
import type { RedisSource } from '../config/schema.ts';
import { CacheTokenMissing } from './errors.ts';

/** An AUTH token is the password of the user `default`; users of user groups are not known here. */
const Login = z.object({ username: z.literal('default').optional(), password: z.string().min(1) });

/** The token of a source, as the secret of this region holds it now; undefined where it needs none. @throws {CacheTokenMissing} */
export const readToken = async (source: string, { secret }: RedisSource): Promise<string | undefined> => {
  if (secret === undefined) return undefined;
  const facts = {
    source,
    expected: `secret ${secret} with the AUTH token as password, and no username but "default"`,
    next: 'Restore the secret, or replicate it into this region; a cache cannot be restored with the token its clients use without it.',
  };
  try {
    const { SecretString = '' } = await secrets().send(new GetSecretValueCommand({ SecretId: secret }));
    const login = Login.safeParse(JSON.parse(SecretString));
    if (login.success) return login.data.password;
  } catch (error) {
    // A parser's message quotes what it could not read: of a secret, nothing may be quoted.
    if (error instanceof ResourceNotFoundException)
      throw new CacheTokenMissing('Secrets Manager does not have this secret.', facts);
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CacheTokenMissing('the secret is no login to a cache.', { ...facts, found: 'another content' });
};
