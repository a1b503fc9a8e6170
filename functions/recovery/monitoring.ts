// Where the platform lives it is backed up, measured and watched: schedules and alarms of this region on, those of the other
// off as far as it answers. What the other region does not hear now, the fence watch tells it once it is back.
import { type DBInstance, InvalidDBInstanceStateFault, ModifyDBInstanceCommand } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { startExecution } from '../../shared/aws/executions.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { plainTime } from '../../shared/schedules/missed-runs.ts';
import { switchAlarms } from './alarm-switches.ts';
import type { PhaseContext, Step } from './phases.ts';
import { switchSchedules } from './schedule-switches.ts';

export const switchMonitoring = async (context: PhaseContext, { signal }: Work): Promise<Step> => {
  const { plan, to, from, rehearsal, stillHeld } = context;
  if (rehearsal) return { done: true, facts: { skipped: 'a drill leaves schedules and alarms as they are' } };
  await stillHeld();
  const schedules = await switchSchedules(to, true, signal);
  const alarms = await switchAlarms(to, true, signal);
  const database = await protectDatabase(plan.database.source, to);
  if (database === 'busy')
    return {
      done: false,
      waitSeconds: 5,
      found: 'the database is busy: it gets its protection as soon as RDS takes it',
    };
  const backup = await backUpNow(context);
  return { done: true, facts: { schedules, alarms, database, backup, left: await leave(from, signal) } };
};

/** The first backup of the new home is not left to a schedule that may be a day away. Begun once, under the failover's name. */
const backUpNow = async ({ plan, failoverId, startedAt }: PhaseContext): Promise<string> => {
  const { source } = plan.database;
  const scheduledAt = plainTime(startedAt);
  const name = `${source}-after-${failoverId}`;
  await startExecution('backup-database', name, { source, scheduledAt, purpose: 'on-demand' });
  return name;
};

/** The other region, best effort: it may not answer for hours. */
export const leave = async (region: string, signal: AbortSignal): Promise<{ off: boolean; found: string }> => {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
  try {
    const schedules = await switchSchedules(region, false, bound);
    const alarms = await switchAlarms(region, false, bound);
    return { off: true, found: `${schedules} schedules and ${alarms} alarms switched` };
  } catch (error) {
    if (signal.aborted) throw error;
    return { off: false, found: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  }
};

const ANSWER_MS = 15_000;
const DAY = 86_400;

/** What the configuration demands of the database, whichever region it lives in; a replica had none of it. */
const protectDatabase = async (name: string, region: string): Promise<'as demanded' | 'changed' | 'busy'> => {
  const source = rdsSourceNamed(name);
  const id = instanceIn(source, region);
  const wishes = wishesOf(await describeInstance(name, id), source);
  if (Object.keys(wishes).length === 0) return 'as demanded';
  try {
    await rds().send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, ApplyImmediately: true, ...wishes }));
    return 'changed';
  } catch (error) {
    if (error instanceof InvalidDBInstanceStateFault) return 'busy';
    throw error;
  }
};

const wishesOf = (instance: DBInstance, { posture }: RdsSource) => {
  const days = posture.backupRetention / DAY;
  return {
    ...((instance.BackupRetentionPeriod ?? 0) < days ? { BackupRetentionPeriod: days } : {}),
    ...(instance.PreferredBackupWindow === posture.window ? {} : { PreferredBackupWindow: posture.window }),
    ...(posture.multiAz && !instance.MultiAZ ? { MultiAZ: true } : {}),
    ...(posture.deletionProtection && !instance.DeletionProtection ? { DeletionProtection: true } : {}),
  };
};
