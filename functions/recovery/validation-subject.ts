// What a validation looks at, opened once for all of its tests.
import type { DBInstance } from '@aws-sdk/client-rds';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import type { PhaseContext } from './phases.ts';

export interface Subject {
  context: PhaseContext;
  signal: AbortSignal;
  /** Name of the database's source, and the source. */
  name: string;
  source: RdsSource;
  instance(): Promise<DBInstance>;
  /** Runs on a session of its own: tests go on at the same time. */
  withDatabase<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** A statement of a validation that takes longer says that the database is not well. */
export const STATEMENT_SECONDS = 30;

export const subjectOf = (context: PhaseContext, { signal }: Pick<Work, 'signal'>): Subject => {
  const name = context.plan.database.source;
  const source = rdsSourceNamed(name);
  let described: Promise<DBInstance> | undefined;
  const instance = (): Promise<DBInstance> => {
    const noted = context.factsOf('database')?.instance;
    described ??= describeInstance(name, typeof noted === 'string' ? noted : instanceIn(source, context.to));
    return described;
  };
  return {
    context,
    signal,
    name,
    source,
    instance,
    withDatabase: async (work) => {
      const login = await readLogin(name, source.secret);
      const options = { statementSeconds: STATEMENT_SECONDS, searchPath: 'public', signal };
      await using session = await openInstance(name, await instance(), source.database, login, options);
      // Awaited here: the session ends when this scope does.
      return await work(session);
    },
  };
};
