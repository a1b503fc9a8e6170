import { z } from 'zod';
import { arnOf, type Deployment, functionLogicalId, machineLogicalId, roleLogicalId } from './names.ts';
import { Permission, role, statement } from './permissions.ts';
import { readYaml } from './yaml.ts';

const MachineEntry = z.strictObject({
  description: z.string().min(10),
  definition: z.string().regex(/^[a-z-]+\.asl\.yml$/),
  /** Express machines are for what is short, frequent and harmless when it runs twice. */
  type: z.enum(['STANDARD', 'EXPRESS']).default('STANDARD'),
  /** For aws-sdk tasks; permissions to invoke functions are derived from the definition. */
  permissions: z.array(Permission).default([]),
});

export const machineEntries = (): Record<string, z.output<typeof MachineEntry>> =>
  z.record(z.string(), MachineEntry).parse(readYaml('statemachines/machines.yml'));

/** `backup-database.asl.yml` → `lifeboat-shop-dev-backup-database`. */
export const machineName = ({ service }: Deployment, definition: string): string =>
  `${service}-${definition.replace('.asl.yml', '')}`;

/** The `stateMachines` part of serverless.yml. */
export const machinesOf = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(machineEntries()).map(([key, entry]) => [
      key,
      {
        id: machineLogicalId(key),
        type: entry.type,
        name: machineName(deployment, entry.definition),
        role: arnOf(roleLogicalId(key)),
        definition: readYaml(`statemachines/${entry.definition}`),
      },
    ]),
  );

export const machineRoles = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(machineEntries()).map(([key, entry]) => {
      const invoked = [...functionsInvoked(readYaml(`statemachines/${entry.definition}`))].sort();
      const statements = [
        {
          Effect: 'Allow',
          Action: ['lambda:InvokeFunction'],
          Resource: invoked.map((name) => arnOf(functionLogicalId(name))),
        },
        ...entry.permissions.map((permission) => statement(deployment, permission)),
      ];
      return [roleLogicalId(key), role('states.amazonaws.com', key, statements)];
    }),
  );

/** Function keys a definition refers to by `!GetAtt key.Arn`. */
export const functionsInvoked = (node: unknown, found = new Set<string>()): Set<string> => {
  if (typeof node !== 'object' || node === null) return found;
  const reference = (node as { 'Fn::GetAtt'?: [string, string] })['Fn::GetAtt'];
  if (reference) found.add(reference[0]);
  else for (const value of Object.values(node)) functionsInvoked(value, found);
  return found;
};
