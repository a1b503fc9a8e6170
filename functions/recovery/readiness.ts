// What a failover would need that has to be there before the day; found missing on a quiet day, it can be mended.
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Session } from '../../shared/postgres/session.ts';
import type { Readiness } from '../../shared/recovery/assessment.ts';

export const readinessOf = async ({ database }: Recovery, replica: Session | Error): Promise<Readiness> => [
  await databaseReadiness(database.source, replica),
];

const databaseReadiness = async (source: string, replica: Session | Error): Promise<Readiness[number]> => {
  const step = `promote the replica of ${source}`;
  if (replica instanceof Error) return { step, ready: false, found: replica.message };
  const { standby } = await replica.row('SELECT pg_is_in_recovery() AS standby');
  return standby === 't'
    ? { step, ready: true, found: 'a standby that answers' }
    : { step, ready: false, found: 'a database of its own: it was promoted already' };
};
