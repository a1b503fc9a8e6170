import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { cloudwatch } from '../../shared/aws/clients.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { configuration, sourcesOfKind } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { type Ages, measureAges, measureEach, recordIfKnown } from '../../shared/telemetry/measuring.ts';

export interface Measured extends Ages {
  source: string;
  /** Seconds a point-in-time restore begun now would lose; null where it cannot be done. */
  achievableRpo: number | null;
  replica: { status: string; lagSeconds: number | null; ready: boolean } | null;
}

/** @throws {PartlyDone} where some could not be measured. */
export const measure = (): Promise<Measured[]> => measureEach(sourcesOfKind('rds-postgres'), measureSource);

const measureSource = async (name: string, source: RdsSource): Promise<Measured> => {
  const at = now();
  const { LatestRestorableTime } = await describeInstance(name, instanceIn(source, settings().region));
  const achievableRpo = LatestRestorableTime ? Math.max(0, secondsBetween(LatestRestorableTime, at)) : null;
  recordIfKnown('AchievableRpo', achievableRpo, name);
  const ages = await measureAges(name, at, isSnapshot(['stored', 'verified']), isSnapshot(['verified']));
  // Last: what is known of this region is recorded by now, should the other one not answer.
  const replica = await measureReplica(name, source, at);
  const measured = { source: name, achievableRpo, ...ages, replica };
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
  const [instance, { Datapoints = [] }] = await Promise.all([
    describeInstance(name, replica.instance, recovery),
    cloudwatch(recovery).send(
      new GetMetricStatisticsCommand({
        Namespace: 'AWS/RDS',
        MetricName: 'ReplicaLag',
        Dimensions: [{ Name: 'DBInstanceIdentifier', Value: replica.instance }],
        StartTime: new Date(at.getTime() - 15 * 60_000),
        EndTime: at,
        Period: 60,
        Statistics: ['Maximum'],
      }),
    ),
  ]);
  const newest = Datapoints.toSorted((a, b) => (b.Timestamp?.getTime() ?? 0) - (a.Timestamp?.getTime() ?? 0))[0];
  const lagSeconds = newest?.Maximum ?? null;
  recordIfKnown('ReplicaLag', lagSeconds, name);
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
