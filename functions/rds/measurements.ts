import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { cloudwatch } from '../../shared/aws/clients.ts';
import { newestBefore } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { configuration, sourcesOfKind } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { ageOf, measureEach } from '../../shared/telemetry/measuring.ts';
import { record } from '../../shared/telemetry/metrics.ts';

export interface Measured {
  source: string;
  /** Seconds a point-in-time restore begun now would lose; null where it cannot be done. */
  achievableRpo: number | null;
  newestPointAge: number | null;
  provenPointAge: number | null;
  replica: { status: string; lagSeconds: number | null; ready: boolean } | null;
}

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<Measured[]> => measureEach(sourcesOfKind('rds-postgres'), measureSource);

const measureSource = async (name: string, source: RdsSource): Promise<Measured> => {
  const at = now();
  const { LatestRestorableTime } = await describeInstance(name, instanceIn(source, settings().region));
  const achievableRpo = LatestRestorableTime ? Math.max(0, secondsBetween(LatestRestorableTime, at)) : null;
  if (achievableRpo !== null) record('AchievableRpo', achievableRpo, name);
  const newestPointAge = ageOf(await newestBefore(name, at, isSnapshot(['stored', 'verified'])), at);
  if (newestPointAge !== null) record('RecoveryPointAge', newestPointAge, name);
  const provenPointAge = ageOf(await newestBefore(name, at, isSnapshot(['verified'])), at);
  if (provenPointAge !== null) record('ProvenPointAge', provenPointAge, name);
  const measured = {
    source: name,
    achievableRpo,
    newestPointAge,
    provenPointAge,
    replica: await measureReplica(name, source, at),
  };
  logger.info('measured', { ...measured });
  return measured;
};

const isSnapshot =
  (statuses: RecoveryPoint['status'][]) =>
  ({ method, status }: RecoveryPoint): boolean =>
    method === 'snapshot' && statuses.includes(status);

/** A replica is ready to be promoted when it is available, replicates, and lags less than its bound. */
const measureReplica = async (name: string, { replica }: RdsSource, at: Date): Promise<Measured['replica']> => {
  const { recovery } = configuration().regions;
  // Where the platform lives after a failover, what was the replica is the database, and it has none.
  if (!replica || settings().region === recovery) return null;
  const instance = await describeInstance(name, replica.instance, recovery);
  const { Datapoints = [] } = await cloudwatch(recovery).send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/RDS',
      MetricName: 'ReplicaLag',
      Dimensions: [{ Name: 'DBInstanceIdentifier', Value: replica.instance }],
      StartTime: new Date(at.getTime() - 15 * 60_000),
      EndTime: at,
      Period: 60,
      Statistics: ['Maximum'],
    }),
  );
  const newest = Datapoints.toSorted((a, b) => (b.Timestamp?.getTime() ?? 0) - (a.Timestamp?.getTime() ?? 0))[0];
  const lagSeconds = newest?.Maximum ?? null;
  if (lagSeconds !== null) record('ReplicaLag', lagSeconds, name);
  const replicating = (instance.StatusInfos ?? []).every(({ Normal }) => Normal !== false);
  return {
    status: instance.DBInstanceStatus ?? 'unknown',
    lagSeconds,
    ready:
      instance.DBInstanceStatus === 'available' &&
      replicating &&
      lagSeconds !== null &&
      lagSeconds >= 0 &&
      lagSeconds < replica.maxLag,
  };
};
