// The packaged templates, as AWS would get them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { packageFolder } from '../../scripts/package.ts';

export interface Resource {
  Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: properties of any CloudFormation type, read by tests that know which.
  Properties: any;
}

export const ROLES = ['primary', 'recovery'] as const;

export const templateFile = (role: (typeof ROLES)[number]): string =>
  path.join(packageFolder(role), 'cloudformation-template-update-stack.json');

export const resourcesOf = (role: (typeof ROLES)[number]): [string, Resource][] =>
  Object.entries(
    (JSON.parse(readFileSync(templateFile(role), 'utf8')) as { Resources: Record<string, Resource> }).Resources,
  );

export const ofType = (role: (typeof ROLES)[number], type: string): [string, Resource][] =>
  resourcesOf(role).filter(([, { Type }]) => Type === type);
