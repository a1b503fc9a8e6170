import { DatabaseError } from 'pg';
import { DatabaseMissing, DatabaseUnreachable, LoginRefused, QueryFailed, QueryTimedOut } from './errors.ts';

// PostgreSQL, appendix A. 28: authorisation; 3D000: no such database; 57014: cancelled, by statement_timeout here; 55P03: lock_timeout;
// 57P: shutdown, crash, starting up; 53: out of connections, memory or disk; 08: connection; 40: a standby's recovery took precedence.
const UNREACHABLE = /^(57P|53|08|40)/;

/** What happened, by name. Neither credentials nor the statement's values are ever part of it. */
export const failureOf = (error: unknown, source: string): Error => {
  if (!(error instanceof DatabaseError)) {
    return new DatabaseUnreachable(
      'the database could not be reached, or the connection ended.',
      {
        source,
        found: error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : 'no reason',
        next: 'Check that the instance is available, that network and security group let this function in, and that its certificate is trusted.',
      },
      { cause: error },
    );
  }
  const state = error.code ?? 'XX000';
  const found = `${state}: ${error.message}`;
  if (state.startsWith('28')) {
    const next = 'Compare the version of the secret that belongs to this database with the roles in it.';
    return new LoginRefused('the database refused the login.', { source, found, next });
  }
  if (state === '3D000') {
    const next = 'Correct the configured database name, or take the instance for one that lost its database.';
    return new DatabaseMissing('the instance has no such database.', { source, found, next });
  }
  if (state === '57014' || state === '55P03') {
    const next = 'Run it again at a quieter time; if it repeats, look for locks held on this table.';
    return new QueryTimedOut('a statement took longer than it may.', { source, found, next });
  }
  if (UNREACHABLE.test(state)) {
    const next = 'Run it again; the server was busy, restarting or full.';
    return new DatabaseUnreachable('the database ended the connection or the query.', { source, found, next });
  }
  return new QueryFailed(state, 'the database refused a statement.', {
    source,
    found,
    next: 'Correct the configuration or the privileges that the statement needs.',
  });
};
