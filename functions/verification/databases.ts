// The ways into a database: where an instance answers, and which credential opens it.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { configuration, rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Session, SessionOptions } from '../../shared/postgres/session.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';

export interface Live {
  reader: 'primary' | 'replica';
  /** RDS's own id, which another instance of the same name does not have. */
  resource: string;
  open(options: SessionOptions): Promise<Session>;
}

/** The live database to read fingerprints from, as configured: its replica, or itself. */
export const liveDatabase = async (name: string, wanted?: 'primary'): Promise<Live> => {
  const source = rdsSourceNamed(name);
  const { region } = settings();
  const { primary, recovery } = configuration().regions;
  // After a failover there is no replica: it is the database.
  const asked = wanted !== 'primary' && source.fingerprint.from === 'replica' && region === primary;
  const replica = asked ? source.replica : undefined;
  const instance = await describeInstance(
    name,
    instanceIn(source, replica ? recovery : region),
    replica ? recovery : region,
  );
  const login = await readLogin(name, source.secret);
  return {
    reader: replica ? 'replica' : 'primary',
    resource: instance.DbiResourceId ?? instance.DBInstanceArn ?? '',
    open: (options) => openInstance(name, instance, source.database, login, options),
  };
};

/** A session with the restored copy, with the credential that belongs to its recovery point. */
export const openCopy = async (point: RecoveryPoint, instance: string, options: SessionOptions): Promise<Session> => {
  const source = rdsSourceNamed(point.source);
  const { secret, versionId } = point.credential ?? { secret: source.secret };
  const login = await readLogin(point.source, secret, versionId === 'none' ? undefined : versionId);
  return openInstance(point.source, await describeInstance(point.source, instance), source.database, login, options);
};
