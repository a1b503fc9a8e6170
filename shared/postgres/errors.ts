import { LifeboatError } from '../errors.ts';

/** The server answered and did not let us in with this credential. */
export class LoginRefused extends LifeboatError {
  override readonly name = 'LoginRefused';
}

/** The server let us in and has no database of this name. */
export class DatabaseMissing extends LifeboatError {
  override readonly name = 'DatabaseMissing';
}

/** No connection, or it ended under a query. Worth another try. */
export class DatabaseUnreachable extends LifeboatError {
  override readonly name = 'DatabaseUnreachable';
}

/** A statement or a lock took longer than it may. */
export class QueryTimedOut extends LifeboatError {
  override readonly name = 'QueryTimedOut';
}

/** The server understood the statement and refused it; `sqlState` says why. */
export class QueryFailed extends LifeboatError {
  override readonly name = 'QueryFailed';
  readonly sqlState: string;

  constructor(sqlState: string, ...parameters: ConstructorParameters<typeof LifeboatError>) {
    super(...parameters);
    this.sqlState = sqlState;
  }
}
