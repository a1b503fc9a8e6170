// The permissions each operation asks for: "Actions, resources, and condition keys for Amazon RDS" (service authorization
// reference, read 2026-11-20). Resources that were not named are patterns, so that a policy for one of them does not do.
import type { Check, Region } from '../../types.ts';
import { arnOf, idOf } from './state.ts';

interface Named {
  DBInstanceIdentifier?: string;
  DBSnapshotIdentifier?: string;
  SourceDBInstanceIdentifier?: string;
  TargetDBInstanceIdentifier?: string;
  SourceDBSnapshotIdentifier?: string;
  TargetDBSnapshotIdentifier?: string;
  FinalDBSnapshotIdentifier?: string;
  DBSubnetGroupName?: string;
  IamRoleArn?: string;
  ResourceName?: string;
  Tags?: unknown[];
}

/** Everything the caller of this operation must be allowed. */
export const permissionsFor = (region: Region, operation: string, input: Named): Check[] => {
  const db = (id = '*') => (id.startsWith('arn:') ? id : arnOf(region, 'db', idOf(id)));
  const snapshot = (id = '*') => (id.startsWith('arn:') ? id : arnOf(region, 'snapshot', idOf(id)));
  const group = input.DBSubnetGroupName ? [arnOf(region, 'subgrp', input.DBSubnetGroupName)] : [];
  const on = (...resources: string[]): Check[] =>
    resources.map((resource) => ({ action: `rds:${operation}`, resource }));
  /** Whoever gives tags to something new must be allowed to tag it. */
  const tagging = (resource: string): Check[] =>
    input.Tags?.length ? [{ action: 'rds:AddTagsToResource', resource }] : [];
  switch (operation) {
    case 'CreateDBInstance':
      return [...on(db(input.DBInstanceIdentifier), ...group), ...tagging(db(input.DBInstanceIdentifier))];
    case 'CreateDBInstanceReadReplica': {
      const replica = db(input.DBInstanceIdentifier);
      return [...on(replica, db(input.SourceDBInstanceIdentifier), ...group), ...tagging(replica)];
    }
    case 'CreateDBSnapshot': {
      const made = snapshot(input.DBSnapshotIdentifier);
      return [...on(made, db(input.DBInstanceIdentifier)), ...tagging(made)];
    }
    case 'CopyDBSnapshot': {
      const copy = snapshot(input.TargetDBSnapshotIdentifier);
      return [...on(snapshot(input.SourceDBSnapshotIdentifier), copy), ...tagging(copy)];
    }
    case 'RestoreDBInstanceFromDBSnapshot': {
      const restored = db(input.DBInstanceIdentifier);
      return [...on(restored, snapshot(input.DBSnapshotIdentifier), ...group), ...tagging(restored)];
    }
    case 'RestoreDBInstanceToPointInTime': {
      const restored = db(input.TargetDBInstanceIdentifier);
      return [...on(db(input.SourceDBInstanceIdentifier), restored, ...group), ...tagging(restored)];
    }
    case 'DeleteDBInstance': {
      const final = input.FinalDBSnapshotIdentifier;
      const finalSnapshot = final ? [{ action: 'rds:CreateDBSnapshot', resource: snapshot(final) }] : [];
      return [...on(db(input.DBInstanceIdentifier)), ...finalSnapshot];
    }
    case 'ModifyDBInstance':
    case 'PromoteReadReplica':
    case 'DescribeDBInstances':
      return on(db(input.DBInstanceIdentifier), ...group);
    case 'DeleteDBSnapshot':
      return on(snapshot(input.DBSnapshotIdentifier));
    case 'DescribeDBSnapshots':
      return on(input.DBSnapshotIdentifier ? snapshot(input.DBSnapshotIdentifier) : db(input.DBInstanceIdentifier));
    case 'AddTagsToResource':
    case 'ListTagsForResource':
      return on(input.ResourceName ?? '*');
    case 'StartExportTask':
      return [...on('*'), { action: 'iam:PassRole', resource: input.IamRoleArn ?? '*', context: PASSED_TO_EXPORT }];
    default:
      return on('*');
  }
};

const PASSED_TO_EXPORT = { 'iam:PassedToService': 'export.rds.amazonaws.com' };
