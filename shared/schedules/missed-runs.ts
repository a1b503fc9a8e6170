// Scheduled work that never began: the scheduler gave up, or Lambda did after its three tries. Nothing of it is left to
// be found but that it is not there.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { GetScheduleCommand } from '@aws-sdk/client-scheduler';
import { headObject, writeArtifact } from '../artifacts/artifacts.ts';
import { scheduler } from '../aws/clients.ts';
import { lostTheRace } from '../catalog/catalog.ts';
import { datePath, now } from '../clock.ts';
import { settings } from '../config/settings.ts';
import { notify } from '../notify/notify.ts';
import { logger } from '../telemetry/logger.ts';
import { record } from '../telemetry/metrics.ts';
import { timetableOf } from './timetable.ts';

/** How long the scheduler itself keeps trying; Lambda's tries of an asynchronous request are over much earlier. */
export const SCHEDULER_TRIES_SECONDS = 3600;
/** What was missed longer ago is not made up for: it would be more of a surprise than of use. */
const LOOK_BACK_MS = 7 * 86_400_000;

export type Schedule = 'snapshot' | 'export' | 'verify' | 'posture' | 'archive';

/** A run is named by the time it was planned for, as everything that is made from it. */
export interface Run {
  source: string;
  schedule: Schedule;
  scheduledAt: Date;
}

export interface DueRun extends Run {
  /** The one after it was due as well: it is told, and not made up for. */
  isSuperseded: boolean;
}

/** The schedules of a source, by the names they are deployed under. */
export const scheduleName = (source: string, schedule: Schedule): string => `${source}-${schedule}`;

/** `2026-11-20T02:00:00Z`, as the scheduler itself writes the time of a run. */
export const plainTime = (time: Date): string => time.toISOString().replace(/\.\d+Z$/, 'Z');

/**
 * The last run that nobody but us will begin any more. A rate has no times of its own: it counts from a run that is
 * known, and where none is, there is none to miss.
 */
export const lastDue = (
  { source, schedule }: Omit<Run, 'scheduledAt'>,
  expression: string,
  known: readonly Date[],
): DueRun | undefined => {
  const at = now();
  const newest = known.toSorted((a, b) => b.getTime() - a.getTime())[0];
  if (expression.startsWith('rate') && !newest) return undefined;
  const timetable = timetableOf(expression, 'UTC', newest ?? at);
  const scheduledAt = timetable.last(new Date(at.getTime() - SCHEDULER_TRIES_SECONDS * 1000));
  if (!scheduledAt || at.getTime() - scheduledAt.getTime() > LOOK_BACK_MS) return undefined;
  const next = timetable.next(scheduledAt);
  return { source, schedule, scheduledAt, isSuperseded: next !== undefined && next <= at };
};

/** A schedule that was made, changed or switched on after the time, or that is off, was not meant to run then. */
export const wasInForce = async ({ source, schedule, scheduledAt }: Run): Promise<boolean> => {
  const { State, LastModificationDate } = await scheduler().send(
    new GetScheduleCommand({ GroupName: settings().service, Name: scheduleName(source, schedule) }),
  );
  return State === 'ENABLED' && LastModificationDate !== undefined && LastModificationDate < scheduledAt;
};

/** Tells people of a missed run, once: that it was told stands in the vault, and with it that it was missed. */
export const tellMissed = async (run: DueRun): Promise<void> => {
  const { source, schedule, scheduledAt, isSuperseded } = run;
  const key = `missed-runs/${source}/${datePath(scheduledAt)}/${schedule}-${plainTime(scheduledAt).slice(11, 16).replace(':', '')}.json`;
  if (await isThere(key)) return;
  await notify({
    topic: 'warning',
    what: `The ${schedule} of ${source} that was due ${plainTime(scheduledAt)} never began`,
    source,
    since: scheduledAt,
    impact: isSuperseded
      ? 'It is not made up for: the next one was due already.'
      : 'It is begun now, under the name of the time it was due; until it is done the one before it is the newest.',
    evidence: [
      `schedule: ${scheduleName(source, schedule)}, enabled and unchanged since before that time`,
      `found missing: ${now().toISOString()}`,
    ],
    next: `Read the alarms of the function or machine behind the schedule, and its metrics InvocationDroppedCount and TargetErrorCount, around ${plainTime(scheduledAt)}.`,
  });
  record('RunMissed', 1, source);
  logger.warn('scheduled run missed', { source, schedule, scheduledAt: plainTime(scheduledAt), isSuperseded });
  const finding = { schemaVersion: 1, source, schedule, scheduledAt, isSuperseded, foundAt: now().toISOString() };
  try {
    await writeArtifact(key, JSON.stringify(finding), { onlyNew: true });
  } catch (error) {
    if (!lostTheRace(error)) throw error;
  }
};

const isThere = async (key: string): Promise<boolean> => {
  try {
    await headObject(`s3://${settings().vaultBucket}/${key}`);
    return true;
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
    throw error;
  }
};
