// The packaged CloudFormation template: read strictly, so that nothing in it is passed over in silence.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const TEMPLATE = 'cloudformation-template-update-stack.json';

const Resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z
    .union([z.string(), z.array(z.string())])
    .default([])
    .transform((names) => [names].flat()),
  DeletionPolicy: z.enum(['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot']).default('Delete'),
  /** Both matter to updates only, and a local stack is never updated. */
  UpdateReplacePolicy: z.string().optional(),
  Metadata: z.unknown().optional(),
});

const Output = z.strictObject({
  Value: z.unknown(),
  Description: z.string().optional(),
  Export: z.strictObject({ Name: z.unknown() }).optional(),
});

const Template = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Resources: z.record(z.string(), Resource),
  Outputs: z.record(z.string(), Output).default({}),
});

export type Template = z.output<typeof Template>;

/** @throws Error when the folder holds no package, or the template something that is not understood. */
export const readTemplate = async (packageDirectory: string): Promise<Template> => {
  const file = path.join(packageDirectory, TEMPLATE);
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new Error(`${file} cannot be read. Package the service first: npm run package.`, { cause });
  });
  const parsed = Template.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(`${file} holds what the local region does not understand:\n${z.prettifyError(parsed.error)}`);
};
