import { describe, expect, it } from 'vitest';
import { permissionsFor } from '../../../../local/services/rds/permissions.ts';
import type { Region } from '../../../../local/types.ts';

const region = { name: 'us-west-2', account: '111122223333' } as Region;
const checks = (operation: string, input: object) =>
  permissionsFor(region, operation, input).map(({ action, resource }) => `${action} ${resource}`);
const here = 'arn:aws:rds:us-west-2:111122223333';
const there = 'arn:aws:rds:us-east-1:111122223333';

describe('the permissions RDS asks for', () => {
  it('are those on the instance and on the snapshot to be made', () => {
    expect(checks('CreateDBSnapshot', { DBInstanceIdentifier: 'shop-db', DBSnapshotIdentifier: 'One' })).toEqual([
      `rds:CreateDBSnapshot ${here}:snapshot:one`,
      `rds:CreateDBSnapshot ${here}:db:shop-db`,
    ]);
  });

  it('include tagging for whoever tags what he makes', () => {
    const input = {
      DBInstanceIdentifier: 'a',
      DBSnapshotIdentifier: 'b',
      DBSubnetGroupName: 'c',
      Tags: [{ Key: 'k' }],
    };
    expect(checks('RestoreDBInstanceFromDBSnapshot', input)).toEqual([
      `rds:RestoreDBInstanceFromDBSnapshot ${here}:db:a`,
      `rds:RestoreDBInstanceFromDBSnapshot ${here}:snapshot:b`,
      `rds:RestoreDBInstanceFromDBSnapshot ${here}:subgrp:c`,
      `rds:AddTagsToResource ${here}:db:a`,
    ]);
  });

  it('reach into the region a snapshot is copied from', () => {
    const input = { SourceDBSnapshotIdentifier: `${there}:snapshot:one`, TargetDBSnapshotIdentifier: 'two' };
    expect(checks('CopyDBSnapshot', input)).toEqual([
      `rds:CopyDBSnapshot ${there}:snapshot:one`,
      `rds:CopyDBSnapshot ${here}:snapshot:two`,
    ]);
  });

  it('are for any instance where none is named', () => {
    expect(checks('DescribeDBInstances', {})).toEqual([`rds:DescribeDBInstances ${here}:db:*`]);
  });

  it('include passing the role of an export', () => {
    expect(permissionsFor(region, 'StartExportTask', { IamRoleArn: 'arn:role' })).toContainEqual({
      action: 'iam:PassRole',
      resource: 'arn:role',
      context: { 'iam:PassedToService': 'export.rds.amazonaws.com' },
    });
  });
});
