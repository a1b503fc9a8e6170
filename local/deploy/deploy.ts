// Deploys the packaged service into one local region, from the file AWS would get and through the services' own
// operations, so that what deploys here has been asked of every service as CloudFormation would ask it.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { recordStack, type StackRecord, stacksOf } from '../services/cloudformation/stacks.ts';
import type { Region } from '../types.ts';
import { resolveDynamic } from './dynamic-references.ts';
import { resolve } from './intrinsics.ts';
import { creationOrder } from './order.ts';
import type { Creation } from './resources/resource-type.ts';
import { resourceTypeNamed } from './resources/resource-types.ts';
import { rollBack } from './rollback.ts';
import { type Stack, scopeOf } from './scope.ts';
import { readTemplate, type Template } from './template.ts';

export interface DeployOptions {
  /** The `.serverless` folder of a packaged service. */
  packageDirectory: string;
  stackName: string;
}

export interface DeployedStack {
  outputs: Record<string, string>;
  resources: Map<string, { physicalId: string; arn: string | undefined; type: string }>;
}

/**
 * @throws Error naming the logical id, its type and why, when a resource cannot be made; what was made before is
 * removed again, except where its DeletionPolicy keeps it or the local service cannot delete.
 */
export const deploy = async (
  region: Region,
  { packageDirectory, stackName: name }: DeployOptions,
): Promise<DeployedStack> => {
  if (stacksOf(region).some((stack) => stack.name === name))
    throw new Error(`the stack ${name} exists in ${region.name}; a local stack is never updated. Start a new world.`);
  const template = await readTemplate(packageDirectory);
  const id = `arn:aws:cloudformation:${region.name}:${region.account}:stack/${name}/${digest(region.name, name)}`;
  const stack: Stack = { name, id, region, template, created: new Map() };
  const scope = scopeOf(stack);

  const order = creationOrder(template);
  const types = new Map(order.map((logicalId) => [logicalId, typeOf(template, logicalId)]));
  for (const [logicalId, { type, create }] of types) {
    try {
      const properties = await resolveDynamic(resolve(template.Resources[logicalId]?.Properties, scope), region);
      stack.created.set(logicalId, await create(properties, creationOf(stack, logicalId, packageDirectory)));
    } catch (cause) {
      const undone = await rollBack(stack);
      const why = (cause instanceof Error ? cause.message : String(cause)).replace(/\.$/, '');
      throw new Error(`stack ${name} in ${region.name}: ${logicalId} (${type}) could not be made: ${why}. ${undone}`, {
        cause,
      });
    }
  }

  const outputs = outputsOf(template, scope);
  const record: StackRecord = {
    name,
    id,
    createdAt: region.clock.now(),
    outputs,
    resources: [...stack.created].map(([logicalId, { ref, arn }]) => ({
      logicalId,
      physicalId: ref,
      arn,
      type: types.get(logicalId)?.type ?? '',
    })),
  };
  recordStack(region, record);
  return {
    outputs: Object.fromEntries(outputs.map(({ key, value }) => [key, value])),
    resources: new Map(record.resources.map(({ logicalId, ...resource }) => [logicalId, resource])),
  };
};

/** Looked up before anything is made, so that an unknown type leaves nothing behind. */
const typeOf = (template: Template, logicalId: string) => {
  const type = template.Resources[logicalId]?.Type ?? '';
  try {
    return { type, create: resourceTypeNamed(type).create };
  } catch (error) {
    throw new Error(`${logicalId}: ${(error as Error).message}`);
  }
};

const creationOf = ({ name, region }: Stack, logicalId: string, packageDirectory: string): Creation => ({
  region,
  madeUpName: (longest = 64) =>
    `${`${name}-${logicalId}`.slice(0, longest - 13)}-${digest(region.name, name, logicalId).toUpperCase()}`,
  call: (service, operation, input, where = region.name) =>
    region.world.region(where).call(service, operation, input, region.world.iam.operator),
  archive: async (key) => readFile(path.join(packageDirectory, path.posix.basename(key))),
});

const digest = (...parts: string[]): string => createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 12);

const outputsOf = ({ Outputs }: Template, scope: ReturnType<typeof scopeOf>): StackRecord['outputs'] =>
  Object.entries(Outputs).map(([key, { Value, Description, Export }]) => ({
    key,
    value: String(resolve(Value, scope)),
    description: Description,
    exportName: Export && String(resolve(Export.Name, scope)),
  }));
