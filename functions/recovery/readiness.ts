// What a failover would need that has to be there before the day; found missing on a quiet day, it can be mended.
import { setTimeout as delay } from 'node:timers/promises';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Session } from '../../shared/postgres/session.ts';
import type { Readiness } from '../../shared/recovery/assessment.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { readinessHere } from './looks.ts';

export const readinessOf = async (plan: Recovery, replica: Session | Error): Promise<Readiness> => [
  await databaseReadiness(plan.database.source, replica),
  ...(await othersInTime(plan)),
];

/** An assessment is not kept waiting for them, and not lost where they cannot be had. */
const othersInTime = async (plan: Recovery): Promise<Readiness> => {
  const without = (found: string): Readiness => [{ step: 'what the other phases need', ready: false, found }];
  const { timeout } = plan.assessment;
  const ended = new AbortController();
  const inTime = delay(timeout * 1000, without(`not known within ${timeout} s`), { signal: ended.signal });
  // Nobody waits for it any more when it is ended.
  inTime.catch(() => undefined);
  try {
    return await Promise.race([readinessHere(plan), inTime]);
  } catch (error) {
    logger.error('readiness not known', error as Error);
    return without(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } finally {
    ended.abort();
  }
};

const databaseReadiness = async (source: string, replica: Session | Error): Promise<Readiness[number]> => {
  const step = `promote the replica of ${source}`;
  if (replica instanceof Error) return { step, ready: false, found: replica.message };
  const { standby } = await replica.row('SELECT pg_is_in_recovery() AS standby');
  return standby === 't'
    ? { step, ready: true, found: 'a standby that answers' }
    : { step, ready: false, found: 'a database of its own: it was promoted already' };
};
