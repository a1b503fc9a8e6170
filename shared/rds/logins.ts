// Which credential opens a database, and the session it opens.
import type { DBInstance } from '@aws-sdk/client-rds';
import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { secrets } from '../aws/clients.ts';
import { openSession, type Session, type SessionOptions } from '../postgres/session.ts';
import { CredentialMissing, InstanceMissing } from './errors.ts';

const Login = z.object({ username: z.string().min(1), password: z.string().min(1) });
export type Login = z.output<typeof Login>;

/** One version of a secret of this region, or the current one. @throws {CredentialMissing} */
export const readLogin = async (source: string, SecretId: string, VersionId?: string): Promise<Login> => {
  const next =
    'Restore the secret or its version; a point whose credential is gone is opened by resetting the master password of its restore.';
  const expected = `secret ${SecretId}, ${VersionId ? `version ${VersionId}` : 'current version'}, with username and password`;
  try {
    const { SecretString = '{}' } = await secrets().send(
      new GetSecretValueCommand({ SecretId, ...(VersionId ? { VersionId } : {}) }),
    );
    const login = Login.safeParse(JSON.parse(SecretString));
    if (login.success) return login.data;
  } catch (error) {
    // A parser's message quotes what it could not read: of a secret, nothing may be quoted.
    if (error instanceof ResourceNotFoundException)
      throw new CredentialMissing('Secrets Manager does not have this credential.', { source, expected, next });
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CredentialMissing('the secret is not a login.', { source, expected, found: 'another content', next });
};

/** A session with an instance. @throws {InstanceMissing} {LoginRefused} {DatabaseMissing} {DatabaseUnreachable} */
export const openInstance = async (
  source: string,
  instance: DBInstance,
  database: string,
  login: Login,
  options: SessionOptions,
): Promise<Session> => {
  const { Address: host, Port: port } = instance.Endpoint ?? {};
  if (host && port) return openSession({ source, host, port, database, ...login }, options);
  throw new InstanceMissing('the instance has no address yet.', {
    source,
    expected: 'an endpoint',
    found: `${instance.DBInstanceIdentifier} is ${instance.DBInstanceStatus}`,
    next: 'Wait until it is available.',
  });
};
