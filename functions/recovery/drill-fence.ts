// The fence of a drill: whether it could be closed, asked without closing anything.
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { DatabaseUnreachable, QueryTimedOut } from '../../shared/postgres/errors.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import type { PhaseContext, Step } from './phases.ts';

export const rehearseFence = async ({ plan, from }: PhaseContext, signal: AbortSignal): Promise<Step> => {
  const { source: name, fence } = plan.database;
  const source = rdsSourceNamed(name);
  const done = (found: string, trouble?: string): Step => ({
    done: true,
    facts: { rehearsal: true, found, ...(trouble ? { trouble } : {}) },
  });
  try {
    const instance = await describeInstance(name, instanceIn(source, from), from);
    const login = await readLogin(name, source.secret);
    await using session = await openInstance(name, instance, source.database, login, { statementSeconds: 10, signal });
    const roles = await session.rows(
      `SELECT rolname, (SELECT count(*) FROM pg_stat_activity WHERE usename = rolname) AS sessions
         FROM pg_roles WHERE rolname = ANY ($1::name[]) ORDER BY rolname`,
      [`{${fence.roles.join(',')}}`],
    );
    const known = roles.map(({ rolname, sessions }) => `${rolname} with ${sessions} sessions`).join(', ');
    const missing = fence.roles.filter((role) => !roles.some(({ rolname }) => rolname === role));
    if (missing.length === 0) return done(`would shut out ${known}`);
    return done(`would shut out ${known || 'nobody'}`, `the database has no role ${missing.join(', ')} to shut out`);
  } catch (error) {
    if (signal.aborted) throw error;
    // A failover goes on without it, too; the drill tells.
    if (!(isUnreachable(error) || error instanceof DatabaseUnreachable || error instanceof QueryTimedOut)) throw error;
    return done('the old primary does not answer', `the database in ${from} could not be reached: ${String(error)}`);
  }
};
