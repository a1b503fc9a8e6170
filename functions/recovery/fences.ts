// The fence: roles of the application can no longer log in to the old primary, and none of them is connected. It holds for
// these roles and no others, and only for a server that could be reached; docs/failover.md says what that leaves open.
import type { DBInstance } from '@aws-sdk/client-rds';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { DatabaseUnreachable, QueryTimedOut } from '../../shared/postgres/errors.ts';
import { quoteName } from '../../shared/postgres/identifiers.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { findInstance, instanceIn } from '../../shared/rds/instances.ts';
import { type Login, openInstance, readLogin } from '../../shared/rds/logins.ts';

/**
 * `fenced`: nothing had to be done any more, nobody is in and nobody gets in. `closing`: something was done just now, look
 * again. `cannot-write`: there is no server that could take writes. `unreachable`: nobody answers, or not in time.
 * `not-fenced`: a server answers and could not be fenced.
 */
export interface Fence {
  outcome: 'fenced' | 'closing' | 'cannot-write' | 'unreachable' | 'not-fenced';
  /** For people. */
  found: string;
  /** Sessions ended by this look. */
  ended: number;
  /** What the fenced server had written when it was found fenced: a replica that has this has everything. */
  lsn?: string;
}

/** A region in trouble answers slowly or not at all. */
const API_SECONDS = 5;
const STATEMENT_SECONDS = 10;

/** Closes the old primary to these roles, or says why not. Safe to call at any time and any number of times. @throws {CredentialMissing} */
export const closeFence = async (
  sourceName: string,
  roles: readonly string[],
  region: string,
  signal: AbortSignal,
): Promise<Fence> => {
  const source = rdsSourceNamed(sourceName);
  const login = await readLogin(sourceName, source.secret);
  try {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(API_SECONDS * 1000)]);
    const instance = await findInstance(instanceIn(source, region), region, bound);
    const harmless = cannotWrite(instance, region);
    if (harmless) return { outcome: 'cannot-write', found: harmless, ended: 0 };
    await using session = await openInstance(sourceName, instance as DBInstance, source.database, login, {
      statementSeconds: STATEMENT_SECONDS,
      signal,
      writes: true,
    });
    return await shutOut(session, roles, login);
  } catch (error) {
    if (signal.aborted) throw error;
    const found = error instanceof Error ? error.message : String(error);
    const silent = isUnreachable(error) || error instanceof DatabaseUnreachable || error instanceof QueryTimedOut;
    return { outcome: silent ? 'unreachable' : 'not-fenced', found, ended: 0 };
  }
};

/** States in which no server runs (RDS user guide, "Viewing Amazon RDS DB instance status", 2026-11). */
const WITHOUT_SERVER = ['creating', 'stopped', 'failed', 'restore-error', 'incompatible-restore'];

const cannotWrite = (instance: DBInstance | undefined, region: string): string | undefined => {
  if (!instance) return `RDS has no such instance in ${region}`;
  const { DBInstanceIdentifier: id, DBInstanceStatus: status = 'unknown' } = instance;
  return WITHOUT_SERVER.includes(status) ? `${id} is ${status}` : undefined;
};

const shutOut = async (session: Session, roles: readonly string[], login: Login): Promise<Fence> => {
  const notFenced = (found: string): Fence => ({ outcome: 'not-fenced', found, ended: 0 });
  if (roles.includes(login.username))
    return notFenced(`${login.username} is the role this service logs in with: give the application one of its own`);
  const { standby } = await session.row('SELECT pg_is_in_recovery() AS standby');
  if (standby === 't') return { outcome: 'cannot-write', found: 'the server is a standby', ended: 0 };

  const named = `{${roles.join(',')}}`;
  const known = await session.rows(
    'SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY ($1::name[]) ORDER BY rolname',
    [named],
  );
  if (known.length === 0) return notFenced(`the server has none of the roles ${roles.join(', ')}`);
  const open = known.filter(({ rolcanlogin }) => rolcanlogin === 't').map(({ rolname }) => rolname ?? '');
  for (const role of open) await session.rows(`ALTER ROLE ${quoteName(role)} NOLOGIN`);
  // A session may have begun while its role was closed: it is found here, or by the next look.
  const ended = await session.rows(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1::name[])',
    [named],
  );
  if (open.length > 0 || ended.length > 0)
    return {
      outcome: 'closing',
      found: `closed ${open.join(', ') || 'no role'} just now, ended ${ended.length} sessions`,
      ended: ended.length,
    };
  const { lsn } = await session.row('SELECT pg_current_wal_lsn()::text AS lsn');
  const closed = known.map(({ rolname }) => rolname).join(', ');
  return { outcome: 'fenced', found: `${closed}: no login, no session`, ended: 0, ...(lsn ? { lsn } : {}) };
};

/** Lets these roles in again: NOLOGIN came along with everything else the old primary wrote. Returns those that exist. */
export const openTo = async (session: Session, roles: readonly string[]): Promise<string[]> => {
  const known = await session.rows('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1::name[]) ORDER BY rolname', [
    `{${roles.join(',')}}`,
  ]);
  const names = known.map(({ rolname }) => rolname ?? '');
  for (const name of names) await session.rows(`ALTER ROLE ${quoteName(name)} LOGIN`);
  return names;
};
