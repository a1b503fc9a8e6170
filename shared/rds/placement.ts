// Where restored instances stand, and what those have in common that are looked at and thrown away.
import type { RdsSource } from '../config/schema.ts';

/** Never reachable from outside; in the configured network, or the account's default one. */
export const privateNetwork = ({ restore: { subnetGroup, securityGroups } }: RdsSource) => ({
  PubliclyAccessible: false,
  ...(subnetGroup ? { DBSubnetGroupName: subnetGroup } : {}),
  ...(securityGroups.length > 0 ? { VpcSecurityGroupIds: securityGroups } : {}),
});

/** Nothing of it is to last. */
export const THROWAWAY = {
  MultiAZ: false,
  DeletionProtection: false,
  AutoMinorVersionUpgrade: false,
  CopyTagsToSnapshot: false,
};
