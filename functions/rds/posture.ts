// Automated backups are RDS's own; what can be wrong with them is how they are set up.
import type { DBInstance } from '@aws-sdk/client-rds';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { record } from '../../shared/telemetry/metrics.ts';

export interface Drift {
  setting: string;
  expected: string;
  found: string;
}

const DAY = 86_400;

/** What the instance lacks of the demanded posture; nothing where all is as it should be. */
export const driftOf = (instance: DBInstance, posture: RdsSource['posture'], at: Date): Drift[] => {
  const days = posture.backupRetention / DAY;
  const restorable = instance.LatestRestorableTime;
  const rules: [string, string, string, boolean][] = [
    [
      'backup retention',
      `at least ${days} days`,
      `${instance.BackupRetentionPeriod ?? 0} days`,
      (instance.BackupRetentionPeriod ?? 0) >= days,
    ],
    [
      'backup window',
      posture.window,
      instance.PreferredBackupWindow ?? 'none',
      instance.PreferredBackupWindow === posture.window,
    ],
    [
      'Multi-AZ',
      String(posture.multiAz),
      String(instance.MultiAZ ?? false),
      !posture.multiAz || instance.MultiAZ === true,
    ],
    [
      'encryption',
      String(posture.encrypted),
      String(instance.StorageEncrypted ?? false),
      !posture.encrypted || instance.StorageEncrypted === true,
    ],
    [
      'deletion protection',
      String(posture.deletionProtection),
      String(instance.DeletionProtection ?? false),
      !posture.deletionProtection || instance.DeletionProtection === true,
    ],
    [
      'point-in-time recovery',
      'a latest restorable time of the last hour',
      restorable?.toISOString() ?? 'none',
      restorable !== undefined && at.getTime() - restorable.getTime() < 3_600_000,
    ],
  ];
  return rules.filter(([, , , holds]) => !holds).map(([setting, expected, found]) => ({ setting, expected, found }));
};

export const checkPosture = async ({ source }: { source: string }): Promise<{ source: string; drift: Drift[] }> => {
  const configured = rdsSourceNamed(source);
  const { posture } = configured;
  const instance = instanceIn(configured, settings().region);
  const drift = driftOf(await describeInstance(source, instance), posture, now());
  record('PostureDrift', drift.length, source);
  if (drift.length) {
    await notify({
      topic: 'warning',
      what: `Automated backups of ${source} are not set up as demanded: ${drift.map(({ setting }) => setting).join(', ')}`,
      source,
      since: now(),
      impact:
        'Point-in-time recovery may be shorter, slower or impossible; the snapshots of this service are not affected.',
      evidence: drift.map(({ setting, expected, found }) => `${setting}: expected ${expected}, found ${found}`),
      next: `aws rds modify-db-instance --db-instance-identifier ${instance} with the expected values, or change the posture in the configuration.`,
      trouble: 'posture',
    });
  } else await recovered({ source, trouble: 'posture', evidence: ['every setting is as demanded'] });
  return { source, drift };
};
