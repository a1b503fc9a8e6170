import { type Cluster, DescribeClusterCommand, ResourceNotFoundException } from '@aws-sdk/client-eks';
import { eks } from '../aws/clients.ts';

/** A cluster as EKS describes it; undefined where it has none of this name. */
export const findCluster = async (name: string, region: string): Promise<Cluster | undefined> => {
  try {
    return (await eks(region).send(new DescribeClusterCommand({ name }))).cluster;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
};
