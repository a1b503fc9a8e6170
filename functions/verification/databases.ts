// The ways into a database: where an instance answers, and which credential opens it.
import { type DBInstance, DBInstanceNotFoundFault, DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { GetSecretValueCommand, ResourceNotFoundException } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { rds, secrets } from '../../shared/aws/clients.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { configuration, sourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { openSession, type Session, type SessionOptions } from '../../shared/postgres/session.ts';
import { CredentialMissing, InstanceMissing } from './errors.ts';

const Login = z.object({ username: z.string().min(1), password: z.string().min(1) });
type Login = z.output<typeof Login>;

/** One version of the secret, or the current one. @throws {CredentialMissing} */
const readLogin = async (source: string, SecretId: string, VersionId?: string): Promise<Login> => {
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

/** @throws {InstanceMissing} when RDS has none of this name. */
export const describeInstance = async (source: string, id: string, region?: string): Promise<DBInstance> => {
  const instance = await findInstance(id, region);
  if (instance) return instance;
  throw new InstanceMissing('RDS knows no instance of this name.', {
    source,
    expected: id,
    next: 'Correct the configuration, or confirm that the instance was deleted.',
  });
};

export const findInstance = async (id: string, region?: string): Promise<DBInstance | undefined> => {
  try {
    const { DBInstances } = await rds(region).send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: id }));
    return DBInstances?.[0];
  } catch (error) {
    if (error instanceof DBInstanceNotFoundFault) return undefined;
    throw error;
  }
};

const open = async (
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

export interface Live {
  reader: 'primary' | 'replica';
  /** RDS's own id, which another instance of the same name does not have. */
  resource: string;
  open(options: SessionOptions): Promise<Session>;
}

/** The live database to read fingerprints from, as configured: its replica, or itself. */
export const liveDatabase = async (name: string, wanted?: 'primary'): Promise<Live> => {
  const source: RdsSource = sourceNamed(name);
  const replica = wanted === 'primary' || source.fingerprint.from === 'primary' ? undefined : source.replica;
  const { primary, recovery } = configuration().regions;
  const instance = await describeInstance(name, replica?.instance ?? source.instance, replica ? recovery : primary);
  const login = await readLogin(name, source.secret);
  return {
    reader: replica ? 'replica' : 'primary',
    resource: instance.DbiResourceId ?? instance.DBInstanceArn ?? '',
    open: (options) => open(name, instance, source.database, login, options),
  };
};

/** A session with the restored copy, with the credential that belongs to its recovery point. */
export const openCopy = async (point: RecoveryPoint, instance: string, options: SessionOptions): Promise<Session> => {
  const source: RdsSource = sourceNamed(point.source);
  const { secret, versionId } = point.credential ?? { secret: source.secret };
  const login = await readLogin(point.source, secret, versionId === 'none' ? undefined : versionId);
  return open(point.source, await describeInstance(point.source, instance), source.database, login, options);
};
