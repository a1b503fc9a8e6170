import type { Region } from '../types.ts';
import { createConditions } from './conditions.ts';
import { NO_VALUE, type Scope } from './intrinsics.ts';
import type { Created } from './resources/resource-type.ts';
import type { Template } from './template.ts';

export interface Stack {
  name: string;
  id: string;
  region: Region;
  template: Template;
  parameters: Record<string, string>;
  /** By logical id, filled as resources are made. */
  created: Map<string, Created>;
}

/** What the template's intrinsic functions look up: parameters, pseudo parameters and the resources made so far. */
export const scopeOf = ({ name, id, region, template, parameters, created }: Stack): Scope => {
  const values = new Map<string, unknown>([
    ['AWS::AccountId', region.account],
    ['AWS::Region', region.name],
    ['AWS::Partition', 'aws'],
    ['AWS::URLSuffix', 'amazonaws.com'],
    ['AWS::StackName', name],
    ['AWS::StackId', id],
    ['AWS::NoValue', NO_VALUE],
    ...parameterValues(template, parameters),
  ]);
  const resource = (logicalId: string): Created => {
    const found = created.get(logicalId);
    if (found) return found;
    const known = logicalId in template.Resources ? 'is left out by its condition' : 'is not in the template';
    throw new Error(`${logicalId} is looked up, but ${known}`);
  };
  const lookups = {
    ref: (logicalId: string) => (values.has(logicalId) ? values.get(logicalId) : resource(logicalId).ref),
    attribute: (logicalId: string, attribute: string) => {
      const { arn, attributes } = resource(logicalId);
      const all: Record<string, string> = { ...(arn && { Arn: arn }), ...attributes };
      if (attribute in all) return all[attribute];
      throw new Error(`${logicalId} has no attribute ${attribute}. It has: ${Object.keys(all).join(', ') || 'none'}`);
    },
    mapping: (map: string, key: string, second: string) => {
      const found = template.Mappings[map]?.[key]?.[second];
      if (found === undefined) throw new Error(`Fn::FindInMap: nothing at ${map}, ${key}, ${second}`);
      return found;
    },
  };
  return { ...lookups, condition: createConditions(template.Conditions, lookups) };
};

const parameterValues = ({ Parameters }: Template, given: Record<string, string>): [string, unknown][] => {
  const unknown = Object.keys(given).find((name) => !(name in Parameters));
  if (unknown)
    throw new Error(
      `the template has no parameter ${unknown}. It has: ${Object.keys(Parameters).join(', ') || 'none'}`,
    );
  return Object.entries(Parameters).map(([name, { Type, Default, AllowedValues }]) => {
    const value = given[name] ?? Default;
    if (value === undefined) throw new Error(`the parameter ${name} has no default and was not given`);
    if (AllowedValues && !AllowedValues.map(String).includes(String(value)))
      throw new Error(`the parameter ${name} is one of ${AllowedValues.join(', ')}, found ${value}`);
    return [name, Type === 'CommaDelimitedList' ? String(value).split(',') : String(value)];
  });
};
