import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type CreateFunctionRequest,
  type FunctionConfiguration,
  InvalidParameterValueException,
  type LoggingConfig,
  type VpcConfig,
} from '@aws-sdk/client-lambda';
import { unzipSync } from 'fflate';
import type { PolicyStatement, Region } from '../../types.ts';

export interface FunctionRecord {
  name: string;
  arn: string;
  runtime: string;
  handler: string;
  role: string;
  /** Seconds. */
  timeout: number;
  /** Megabytes. */
  memory: number;
  description: string;
  environment: Record<string, string>;
  vpc: VpcConfig | undefined;
  logging: LoggingConfig;
  reservedConcurrency: number | undefined;
  /** The unzipped bundle: LAMBDA_TASK_ROOT. There once `unpack` was called. */
  root: string;
  unpack(): void;
  codeSha256: string;
  codeSize: number;
  lastModified: Date;
  policy: PolicyStatement[];
}

export const invalid = (message: string): InvalidParameterValueException =>
  new InvalidParameterValueException({ Type: 'User', message, $metadata: {} });

/** Name of a function, from its name or ARN with or without a qualifier. */
export const functionName = (reference: string | undefined): string =>
  /^arn:aws:lambda:[^:]+:\d{12}:function:([^:]+)/.exec(reference ?? '')?.[1] ?? (reference ?? '').split(':')[0] ?? '';

/**
 * Takes a bundle in. It is unzipped where the function is first started: most functions of a deployment never are. A package.json
 * without a type lies above it, so that no package.json further up decides what `.js` is.
 */
export const takeIn = (
  region: Region,
  name: string,
  zip: Uint8Array,
): Pick<FunctionRecord, 'root' | 'unpack' | 'codeSha256' | 'codeSize'> => {
  const sha256 = createHash('sha256').update(zip).digest();
  const home = path.resolve(region.directory, 'lambda', 'code', `${name}-${sha256.toString('hex').slice(0, 12)}`);
  const root = path.join(home, 'task');
  try {
    unzipSync(zip, { filter: ({ name: entry }) => isInside(root, entry) });
  } catch (error) {
    if (error instanceof InvalidParameterValueException) throw error;
    throw invalid('Could not unzip uploaded file. Please check your file, then try to upload again.');
  }
  let unpacked = false;
  const unpack = (): void => {
    if (unpacked) return;
    mkdirSync(root, { recursive: true });
    writeFileSync(path.join(home, 'package.json'), '{}');
    for (const [entry, bytes] of Object.entries(unzipSync(zip))) {
      if (entry.endsWith('/')) continue;
      const target = path.resolve(root, entry);
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, bytes);
    }
    unpacked = true;
  };
  return { root, unpack, codeSha256: sha256.toString('base64'), codeSize: zip.length };
};

/** Looks at the name only: nothing is to be unzipped yet. */
const isInside = (root: string, entry: string): false => {
  if (path.resolve(root, entry).startsWith(root + path.sep)) return false;
  throw invalid(`The zip holds '${entry}', which lies outside the bundle.`);
};

/** What CreateFunction sets; `before` gives what is not named. */
export const applySettings = (input: CreateFunctionRequest, before: FunctionRecord): FunctionRecord => {
  const runtime = input.Runtime ?? before.runtime;
  if (runtime !== 'nodejs24.x')
    throw invalid(`The runtime parameter of ${runtime} is not offered here. Use nodejs24.x.`);
  const timeout = input.Timeout ?? before.timeout;
  if (!(timeout >= 1 && timeout <= 900)) throw invalid(`Timeout ${timeout}: expected 1 to 900 seconds.`);
  const memory = input.MemorySize ?? before.memory;
  if (!(memory >= 128 && memory <= 10_240)) throw invalid(`MemorySize ${memory}: expected 128 to 10240 MB.`);
  if (input.DeadLetterConfig?.TargetArn) throw invalid('DeadLetterConfig is not offered here.');
  if (input.Layers?.length) throw invalid('Layers are not offered here. Bundle what the function needs.');
  const environment = input.Environment?.Variables ?? before.environment;
  const size = JSON.stringify(environment).length;
  if (size > 4096) throw invalid(`The environment variables take ${size} bytes, more than the 4096 Lambda allows.`);
  const reserved = Object.keys(environment).find((key) => RESERVED.has(key));
  if (reserved) throw invalid(`The environment variable ${reserved} is reserved: Lambda sets it itself.`);
  return {
    ...before,
    runtime,
    timeout,
    memory,
    environment,
    handler: input.Handler ?? before.handler,
    role: input.Role ?? before.role,
    description: input.Description ?? before.description,
    vpc: input.VpcConfig ?? before.vpc,
    logging: input.LoggingConfig ?? before.logging,
  };
};

/** Lambda developer guide, "Defined runtime environment variables", 2026-11. */
const RESERVED = new Set([
  ...[
    '_HANDLER',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_EXECUTION_ENV',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
  ],
  ...[
    'AWS_SESSION_TOKEN',
    'AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    'AWS_LAMBDA_FUNCTION_VERSION',
  ],
  ...[
    'AWS_LAMBDA_LOG_GROUP_NAME',
    'AWS_LAMBDA_LOG_STREAM_NAME',
    'AWS_LAMBDA_RUNTIME_API',
    'LAMBDA_TASK_ROOT',
    'LAMBDA_RUNTIME_DIR',
  ],
]);

export const describeFunction = (record: FunctionRecord): FunctionConfiguration => ({
  FunctionName: record.name,
  FunctionArn: record.arn,
  Runtime: 'nodejs24.x',
  Role: record.role,
  Handler: record.handler,
  CodeSize: record.codeSize,
  CodeSha256: record.codeSha256,
  Description: record.description,
  Timeout: record.timeout,
  MemorySize: record.memory,
  LastModified: record.lastModified.toISOString().replace('Z', '+0000'),
  Version: '$LATEST',
  Environment: { Variables: record.environment },
  ...(record.vpc && { VpcConfig: record.vpc }),
  LoggingConfig: record.logging,
  State: 'Active',
  LastUpdateStatus: 'Successful',
  PackageType: 'Zip',
});
