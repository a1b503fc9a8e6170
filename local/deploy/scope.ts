import type { Region } from '../types.ts';
import type { Scope } from './intrinsics.ts';
import type { Created } from './resources/resource-type.ts';
import type { Template } from './template.ts';

export interface Stack {
  name: string;
  id: string;
  region: Region;
  template: Template;
  /** By logical id, filled as resources are made. */
  created: Map<string, Created>;
}

/** What the template's intrinsic functions look up: pseudo parameters and the resources made so far. */
export const scopeOf = ({ name, id, region, created }: Stack): Scope => {
  const values = new Map<string, string>([
    ['AWS::AccountId', region.account],
    ['AWS::Region', region.name],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', name],
    ['AWS::StackId', id],
  ]);
  const resource = (logicalId: string): Created => {
    const found = created.get(logicalId);
    if (found) return found;
    throw new Error(`${logicalId} is looked up, but is not in the template`);
  };
  return {
    ref: (logicalId) => values.get(logicalId) ?? resource(logicalId).ref,
    attribute: (logicalId, attribute) => {
      const { arn, attributes } = resource(logicalId);
      const all: Record<string, string> = { ...(arn && { Arn: arn }), ...attributes };
      if (attribute in all) return all[attribute];
      throw new Error(`${logicalId} has no attribute ${attribute}. It has: ${Object.keys(all).join(', ') || 'none'}`);
    },
  };
};
