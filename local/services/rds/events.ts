// The events RDS puts on the default bus. Ids, categories and messages are those of "Amazon RDS event categories and
// event messages" in the RDS user guide (read 2026-11-20).
import type { Rds } from './state.ts';

const EVENTS = {
  instanceCreated: ['RDS-EVENT-0005', 'creation'],
  instanceDeleted: ['RDS-EVENT-0003', 'deletion'],
  instanceRestarted: ['RDS-EVENT-0006', 'availability'],
  instanceFailed: ['RDS-EVENT-0031', 'failure'],
  keyUnavailable: ['RDS-EVENT-0418', 'failure'],
  masterPasswordReset: ['RDS-EVENT-0016', 'configuration change'],
  restoredToPointInTime: ['RDS-EVENT-0019', 'restoration'],
  replicationResumed: ['RDS-EVENT-0046', 'read replica'],
  replicationTerminated: ['RDS-EVENT-0057', 'read replica'],
  replicaCreationFailed: ['RDS-EVENT-0202', 'read replica'],
  manualSnapshotStarted: ['RDS-EVENT-0040', 'creation'],
  manualSnapshotCreated: ['RDS-EVENT-0042', 'creation'],
  automatedSnapshotStarted: ['RDS-EVENT-0090', 'creation'],
  automatedSnapshotCreated: ['RDS-EVENT-0091', 'creation'],
  snapshotDeleted: ['RDS-EVENT-0041', 'deletion'],
  restoredFromSnapshot: ['RDS-EVENT-0043', 'restoration'],
  regionCopyStarted: ['RDS-EVENT-0059', 'notification'],
  regionCopyFinished: ['RDS-EVENT-0060', 'notification'],
  regionCopyCanceled: ['RDS-EVENT-0061', 'notification'],
  localCopyStarted: ['RDS-EVENT-0196', 'notification'],
  localCopyFinished: ['RDS-EVENT-0197', 'notification'],
  localCopyCanceled: ['RDS-EVENT-0190', 'notification'],
  exportFailed: ['RDS-EVENT-0159', 'notification'],
  exportCompleted: ['RDS-EVENT-0161', 'notification'],
} as const;

/** Tells of something that happened to an instance or a snapshot; events of an export are those of its snapshot. */
export const tell = (
  rds: Rds,
  source: { kind: 'instance' | 'snapshot'; id: string; arn: string },
  event: keyof typeof EVENTS,
  message: string,
): void => {
  const [id, category] = EVENTS[event];
  rds.region.emit({
    source: 'aws.rds',
    'detail-type': source.kind === 'instance' ? 'RDS DB Instance Event' : 'RDS DB Snapshot Event',
    resources: [source.arn],
    detail: {
      EventCategories: [category],
      SourceType: source.kind === 'instance' ? 'DB_INSTANCE' : 'SNAPSHOT',
      SourceArn: source.arn,
      Date: rds.region.clock.now().toISOString(),
      Message: message,
      SourceIdentifier: source.id,
      EventID: id,
    },
  });
};
