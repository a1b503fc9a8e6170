// Access entries: which IAM principal is whom in a cluster.
import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-eks';
import type { Region } from '../../types.ts';
import type { Cluster } from './clusters.ts';

export interface AccessEntry {
  arn: string;
  principalArn: string;
  username: string;
  groups: string[];
  /** May do everything, whatever roles are bound. EKS says so by an access policy; those are not offered here. */
  isAdmin: boolean;
  createdAt: Date;
}

interface EntryFacts {
  principalArn?: string | undefined;
  username?: string | undefined;
  kubernetesGroups?: string[] | undefined;
  isAdmin?: boolean;
}

/** @throws {ResourceInUseException} {InvalidParameterException} */
export const createEntry = (region: Region, cluster: Cluster, facts: EntryFacts): AccessEntry => {
  const { principalArn = '', kubernetesGroups: groups = [], isAdmin = false } = facts;
  const [, kind, name] = /^arn:aws[\w-]*:iam::\d{12}:(role|user)\/(?:.*\/)?([^/]+)$/.exec(principalArn) ?? [];
  if (!name) throw refused(`The principalArn parameter format is not valid: ${principalArn}`);
  const reserved = groups.find((group) => /^(system|eks|aws|amazon|iam):/.test(group));
  if (reserved) throw refused(`The kubernetes group name ${reserved} is invalid, it cannot start with system:`);
  if (cluster.entries.has(principalArn)) {
    const message = 'The specified access entry resource is already in use on this cluster.';
    throw new sdk.ResourceInUseException({ message, clusterName: cluster.name, $metadata: {} });
  }
  const session = `arn:aws:sts::${region.account}:assumed-role/${name}/{{SessionName}}`;
  const entry: AccessEntry = {
    arn: `arn:aws:eks:${region.name}:${region.account}:access-entry/${cluster.name}/${kind}/${region.account}/${name}/${randomUUID()}`,
    principalArn,
    username: facts.username ?? (kind === 'role' ? session : principalArn),
    groups,
    isAdmin,
    createdAt: region.clock.now(),
  };
  cluster.entries.set(principalArn, entry);
  return entry;
};

/** @throws {ResourceNotFoundException} */
export const entryOf = (cluster: Cluster, principalArn = ''): AccessEntry => {
  const entry = cluster.entries.get(principalArn);
  if (entry) return entry;
  const message = `The specified principalArn could not be found. You can view your available access entries with 'list-access-entries'.`;
  throw new sdk.ResourceNotFoundException({ message, clusterName: cluster.name, $metadata: {} });
};

export const describeEntry = (cluster: Cluster, entry: AccessEntry): sdk.AccessEntry => ({
  clusterName: cluster.name,
  principalArn: entry.principalArn,
  kubernetesGroups: entry.groups,
  accessEntryArn: entry.arn,
  createdAt: entry.createdAt,
  modifiedAt: entry.createdAt,
  username: entry.username,
  type: 'STANDARD',
});

const refused = (message: string): sdk.InvalidParameterException =>
  new sdk.InvalidParameterException({ message, $metadata: {} });
