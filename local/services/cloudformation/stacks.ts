// The stacks of each region, written by the deployment and read by CloudFormation's operations.
import type { Region } from '../../types.ts';

export interface StackRecord {
  name: string;
  /** Its ARN. */
  id: string;
  createdAt: Date;
  outputs: { key: string; value: string; description: string | undefined; exportName: string | undefined }[];
  resources: { logicalId: string; physicalId: string; arn: string | undefined; type: string }[];
}

const stacks = new WeakMap<Region, StackRecord[]>();

export const stacksOf = (region: Region): readonly StackRecord[] => stacks.get(region) ?? [];

export const recordStack = (region: Region, stack: StackRecord): void => {
  stacks.set(region, [...stacksOf(region), stack]);
};
