import { readdirSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { arnOf, type Deployment, roleLogicalId, sub } from './names.ts';
import { GrantName, grantedBy, Permission, role, statement } from './permissions.ts';
import { readYaml } from './yaml.ts';

const FunctionEntry = z.strictObject({
  description: z.string().min(10),
  handler: z.string().regex(/^functions\/[a-z-]+\/[a-z-]+\.handler$/),
  /** Seconds. */
  timeout: z.int().min(5).max(900),
  memorySize: z.int().min(128).max(10_240).default(256),
  /** Logs in to databases: placed in the configured network, where there is one. */
  network: z.boolean().default(false),
  reservedConcurrency: z.int().positive().optional(),
  grants: z.array(GrantName).default([]),
  permissions: z.array(Permission).default([]),
});

const FOLDER = path.resolve(import.meta.dirname, '../functions');

/** All functions of all folders, by key. Where two folders claim a key, or an entry is wrong, packaging fails. */
export const functionEntries = (): Record<string, z.output<typeof FunctionEntry>> => {
  const entries: Record<string, z.output<typeof FunctionEntry>> = {};
  for (const folder of readdirSync(FOLDER).sort()) {
    const parsed = z.record(z.string(), FunctionEntry).safeParse(readYaml(`functions/${folder}/functions.yml`));
    if (!parsed.success) throw new Error(`functions/${folder}/functions.yml:\n${z.prettifyError(parsed.error)}`);
    for (const [key, entry] of Object.entries(parsed.data)) {
      if (entries[key])
        throw new Error(`functions/${folder}/functions.yml: the key ${key} is taken by another folder.`);
      entries[key] = entry;
    }
  }
  return entries;
};

/** The `functions` part of serverless.yml. */
export const functionsOf = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(functionEntries()).map(([key, entry]) => [
      key,
      {
        name: `${deployment.service}-${key}`,
        description: entry.description,
        handler: entry.handler,
        timeout: entry.timeout,
        memorySize: entry.memorySize,
        role: arnOf(roleLogicalId(key)),
        ...(entry.reservedConcurrency ? { reservedConcurrency: entry.reservedConcurrency } : {}),
        ...(entry.network && deployment.platform.network
          ? {
              vpc: {
                subnetIds: deployment.platform.network.subnets,
                securityGroupIds: deployment.platform.network.securityGroups,
              },
            }
          : {}),
      },
    ]),
  );

/** One plain role per function: its own log group and what its entry lists, nothing else. */
export const functionRoles = (deployment: Deployment) =>
  Object.fromEntries(
    Object.entries(functionEntries()).map(([key, entry]) => {
      const logs = {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [
          sub(
            `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/${deployment.service}-${key}:*`,
          ),
        ],
      };
      const granted = entry.grants.flatMap((name) => grantedBy(deployment, name));
      const statements = [
        logs,
        ...[...granted, ...entry.permissions].map((permission) => statement(deployment, permission)),
      ];
      const managed =
        entry.network && deployment.platform.network
          ? [sub('arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole')]
          : [];
      return [roleLogicalId(key), role('lambda.amazonaws.com', key, statements, managed)];
    }),
  );
