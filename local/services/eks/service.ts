// EKS of the local region: clusters with an API server that does what is used of it, pods as processes, load balancers that
// listen. docs/kubernetes.md says what it does not do.
import * as sdk from '@aws-sdk/client-eks';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';
import { IMAGES } from '../../workloads/images.ts';
import { createEntry, describeEntry, entryOf } from './access.ts';
import { type Cluster, createCluster, describeCluster } from './clusters.ts';

export interface EksService extends Service {
  /** Program file of each image; more can be added. */
  readonly images: Map<string, string>;
  cluster(name: string): Cluster;
  close(): Promise<void>;
}

export const createEks = (region: Region): EksService => {
  const clusters = new Map<string, Cluster>();
  const images = new Map(IMAGES);
  const find = (name: string | undefined): Cluster => {
    const cluster = clusters.get(name ?? '');
    if (cluster) return cluster;
    const message = `No cluster found for name: ${name}.`;
    throw new sdk.ResourceNotFoundException({ message, clusterName: name, $metadata: {} });
  };

  const service = defineService(sdk, {
    async CreateCluster({ name = '', roleArn = '', accessConfig }, { caller }) {
      if (clusters.has(name)) {
        const message = `Cluster already exists with name: ${name}`;
        throw new sdk.ResourceInUseException({ message, clusterName: name, $metadata: {} });
      }
      if (!/^[0-9A-Za-z][\w-]{0,99}$/.test(name))
        throw new sdk.InvalidParameterException({ message: `The cluster name is not valid: ${name}`, $metadata: {} });
      const cluster = createCluster({ region, name, roleArn, images });
      clusters.set(name, cluster);
      // Who creates a cluster administers it, unless told otherwise.
      if (accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true)
        createEntry(region, cluster, { principalArn: caller.roleArn ?? caller.arn, isAdmin: true });
      const described = describeCluster(cluster);
      const release = region.clock.hold(`creation of cluster ${name}`);
      void cluster.start().finally(release);
      return { cluster: described };
    },

    DescribeCluster: async ({ name }) => ({ cluster: describeCluster(find(name)) }),

    ListClusters: async () => ({ clusters: [...clusters.keys()].sort() }),

    async CreateAccessEntry({ clusterName, ...facts }) {
      const cluster = find(clusterName);
      if (facts.type && facts.type !== 'STANDARD')
        throw new sdk.InvalidParameterException({ message: `The type ${facts.type} is not offered.`, $metadata: {} });
      return { accessEntry: describeEntry(cluster, createEntry(region, cluster, facts)) };
    },

    async DescribeAccessEntry({ clusterName, principalArn }) {
      const cluster = find(clusterName);
      return { accessEntry: describeEntry(cluster, entryOf(cluster, principalArn)) };
    },

    ListAccessEntries: async ({ clusterName }) => ({ accessEntries: [...find(clusterName).entries.keys()].sort() }),

    async DeleteAccessEntry({ clusterName, principalArn }) {
      const cluster = find(clusterName);
      cluster.entries.delete(entryOf(cluster, principalArn).principalArn);
      return {};
    },
  });

  return {
    ...service,
    images,
    cluster: find,
    authorize: (operation, input) => {
      const { name, clusterName, principalArn } = input as Record<'name' | 'clusterName' | 'principalArn', string>;
      const cluster = clusterName ?? name;
      const base = `arn:aws:eks:${region.name}:${region.account}`;
      const entry = clusters.get(cluster)?.entries.get(principalArn);
      // Entries are made and listed in their cluster; everything else about one asks for the entry itself.
      return [{ action: `eks:${operation}`, resource: entry?.arn ?? (cluster ? `${base}:cluster/${cluster}` : '*') }];
    },
    cutPower: async () => {
      for (const cluster of clusters.values()) cluster.cutPower();
    },
    restorePower: async () => {
      for (const cluster of clusters.values()) cluster.restorePower();
    },
    close: async () => {
      await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
    },
  };
};
