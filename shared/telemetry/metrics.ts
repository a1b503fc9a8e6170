import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

export const NAMESPACE = 'Lifeboat';

/** Every metric this service writes, with its unit. A test compares alarms and dashboards with this table. */
export const METRICS = {
  BackupStarted: MetricUnit.Count,
  BackupStored: MetricUnit.Count,
  BackupFailed: MetricUnit.Count,
  BackupDuration: MetricUnit.Seconds,
  BackupSize: MetricUnit.Bytes,
  /** Seconds from a snapshot's own time until its copy in the recovery region could be restored from. */
  CopyLag: MetricUnit.Seconds,
  CopyFailed: MetricUnit.Count,
  ExportIncomplete: MetricUnit.Count,
  /** Now minus the latest restorable time: the data loss of a point-in-time restore begun now. */
  AchievableRpo: MetricUnit.Seconds,
  /** Age of the newest recovery point of any method. */
  RecoveryPointAge: MetricUnit.Seconds,
  /** Age of the newest recovery point that was restored and checked. */
  ProvenPointAge: MetricUnit.Seconds,
  ReplicaLag: MetricUnit.Seconds,
  /** Offsets of a cluster that its mirror does not have yet. */
  MirrorLag: MetricUnit.Count,
  PostureDrift: MetricUnit.Count,
  RetentionRefused: MetricUnit.Count,
  RetentionRemoved: MetricUnit.Count,
  ArtifactsChecked: MetricUnit.Count,
  ArtifactsDamaged: MetricUnit.Count,
  ArtifactBytesReread: MetricUnit.Bytes,
  ObjectsUnclaimed: MetricUnit.Count,
  /** A scheduled run that was due and never began. */
  RunMissed: MetricUnit.Count,
  ReconcilerMoved: MetricUnit.Count,
  VerificationProven: MetricUnit.Count,
  VerificationFailed: MetricUnit.Count,
  VerificationInconclusive: MetricUnit.Count,
  VerificationDuration: MetricUnit.Seconds,
  RestoreDuration: MetricUnit.Seconds,
  TestInstancesSwept: MetricUnit.Count,
  /** 1: customers are not sent to that region any more. Written in the other region, and read there by a health check. */
  PrimaryWithdrawn: MetricUnit.NoUnit,
  RecoveryWithdrawn: MetricUnit.NoUnit,
  /** Messages counted instead of sent: the same trouble again. */
  NotificationsFolded: MetricUnit.Count,
  /** Messages that went to the next level because nobody acknowledged them. */
  NotificationsEscalated: MetricUnit.Count,
  /** From the declaration to the announcement. */
  FailoverDuration: MetricUnit.Seconds,
  FailoverDataLoss: MetricUnit.Seconds,
  /** Of a drill: until everything that serves customers was there, and what the copy lacked. */
  DrillDuration: MetricUnit.Seconds,
  DrillDataLoss: MetricUnit.Seconds,
} as const;

export type MetricName = keyof typeof METRICS;

const metrics = new Metrics({ namespace: NAMESPACE });

/** Writes one value, at once, with the source as its dimension (Powertools adds `service`). */
export const record = (name: MetricName, value: number, source: string): void => {
  const single = metrics.singleMetric();
  single.addDimension('source', source);
  single.addMetric(name, METRICS[name], value);
};
