// Lambda of the local region: functions from their zips as real node processes.
import * as sdk from '@aws-sdk/client-lambda';
import { defineService } from '../../service.ts';
import type { CallContext, Check, PolicyStatement, Region, Service } from '../../types.ts';
import { applySettings, describeFunction, type FunctionRecord, functionName, invalid, takeIn } from './functions.ts';
import { createInvocations, MAX_EVENT, MAX_REQUEST } from './invocations.ts';
import { createLogs } from './logs.ts';
import { permissionStatement, policyText } from './permissions.ts';
import { createPool } from './pool.ts';

export interface Lambda extends Service {
  /** All lines a function printed so far, oldest first. */
  logs(functionName: string): string[];
  /** The largest resident set of a function's processes so far, in kilobytes. */
  peakKilobytes(functionName: string): number;
}

export const createLambda = (region: Region): Lambda => {
  const functions = new Map<string, FunctionRecord>();
  const logs = createLogs(region);
  const pool = createPool(region, logs.append);
  const invocations = createInvocations(region, pool, (name) => functions.get(name));

  const arnOf = (name: string): string => `arn:aws:lambda:${region.name}:${region.account}:function:${name}`;
  const find = (reference: string | undefined): FunctionRecord => {
    const record = functions.get(functionName(reference));
    if (!record) throw missing(`Function not found: ${arnOf(functionName(reference))}`);
    return record;
  };
  const replace = (record: FunctionRecord): FunctionRecord => {
    functions.set(record.name, record);
    return record;
  };
  const create = (input: sdk.CreateFunctionRequest): FunctionRecord => {
    const name = functionName(input.FunctionName);
    if (!/^[\w-]{1,64}$/.test(name))
      throw invalid(`The function name '${name}' needs 1 to 64 letters, digits, '-' and '_'.`);
    if (functions.has(name)) {
      throw new sdk.ResourceConflictException({
        Type: 'User',
        message: `Function already exist: ${name}`,
        $metadata: {},
      });
    }
    if (!input.Handler || !input.Role || !input.Runtime)
      throw invalid(`${name}: Handler, Role and Runtime are needed.`);
    if (!input.Code?.ZipFile) throw invalid(`${name}: expected the bundle in Code.ZipFile.`);
    const blank: FunctionRecord = {
      ...{ name, arn: arnOf(name), runtime: '', handler: '', role: '', timeout: 3, memory: 128, description: '' },
      ...{ environment: {}, vpc: undefined, logging: {}, reservedConcurrency: undefined, policy: [] },
      ...{ lastModified: region.clock.now(), root: '', unpack: () => undefined, codeSha256: '', codeSize: 0 },
    };
    return { ...applySettings(input, blank), ...takeIn(region, name, input.Code.ZipFile) };
  };

  const invoke = async (
    input: sdk.InvokeCommandInput,
    { requestId }: CallContext,
  ): Promise<Partial<sdk.InvokeCommandOutput>> => {
    const record = find(input.FunctionName);
    const type = input.InvocationType ?? 'RequestResponse';
    const given = input.Payload ?? '';
    const payload = (typeof given === 'string' ? given : Buffer.from(given as Uint8Array).toString('utf8')) || '{}';
    refuseTooLarge(payload, type === 'Event' ? MAX_EVENT : MAX_REQUEST);
    refuseOtherThanJson(payload);
    if (type === 'DryRun') return { StatusCode: 204 };
    if (type === 'Event') {
      void invocations.accept(record.name, payload, requestId);
      return { StatusCode: 202 };
    }
    const outcome = await invocations.run(record, payload, requestId);
    return {
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      ...(outcome.failed && { FunctionError: 'Unhandled' }),
      // The client's class of bytes has a method more than is needed on this side.
      Payload: Buffer.from(outcome.payload) as Uint8Array as NonNullable<sdk.InvokeCommandOutput['Payload']>,
    };
  };

  const service = defineService(sdk, {
    CreateFunction: async (input: sdk.CreateFunctionRequest) => describeFunction(replace(create(input))),
    DeleteFunction: async (input: sdk.DeleteFunctionRequest) => {
      const { name } = find(input.FunctionName);
      functions.delete(name);
      await pool.retire(name);
      return {};
    },
    GetFunction: async (input: sdk.GetFunctionRequest) => {
      const record = find(input.FunctionName);
      const { reservedConcurrency } = record;
      return {
        Configuration: describeFunction(record),
        Code: { RepositoryType: 'S3' },
        ...(reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: reservedConcurrency },
        }),
      };
    },
    GetFunctionConfiguration: async (input: sdk.GetFunctionConfigurationRequest) =>
      describeFunction(find(input.FunctionName)),
    ListFunctions: async () => ({ Functions: [...functions.values()].map(describeFunction) }),
    PutFunctionConcurrency: async (input: sdk.PutFunctionConcurrencyRequest) => {
      replace({ ...find(input.FunctionName), reservedConcurrency: input.ReservedConcurrentExecutions });
      return { ReservedConcurrentExecutions: input.ReservedConcurrentExecutions };
    },
    Invoke: invoke,
    AddPermission: async (input: sdk.AddPermissionRequest) => {
      const record = find(input.FunctionName);
      const statement = permissionStatement(record, input);
      const policy = [...record.policy, statement];
      policyText(policy);
      replace({ ...record, policy });
      return { Statement: JSON.stringify(statement) };
    },
    GetPolicy: async (input: sdk.GetPolicyRequest) => {
      const { policy } = find(input.FunctionName);
      if (policy.length === 0) throw missing('The resource you requested does not exist.');
      return { Policy: policyText(policy) };
    },
  });

  const authorize = (operation: string, input: unknown): (Check & { policy?: PolicyStatement[] })[] => {
    const action = `lambda:${operation === 'Invoke' ? 'InvokeFunction' : operation}`;
    const { FunctionName } = input as { FunctionName?: string };
    if (!FunctionName) return [{ action, resource: '*' }];
    const policy = functions.get(functionName(FunctionName))?.policy;
    return [{ action, resource: arnOf(functionName(FunctionName)), ...(policy && { policy }) }];
  };

  return {
    ...service,
    authorize,
    close: () => {
      invocations.close();
      return pool.close();
    },
    logs: logs.lines,
    peakKilobytes: invocations.peakKilobytes,
  };
};

const missing = (message: string) => new sdk.ResourceNotFoundException({ Type: 'User', message, $metadata: {} });

const refuseTooLarge = (payload: string, limit: number): void => {
  const bytes = Buffer.byteLength(payload);
  if (bytes <= limit) return;
  const message = `Request must be smaller than ${limit} bytes for the InvokeFunction operation; found ${bytes}.`;
  throw new sdk.RequestTooLargeException({ Type: 'User', message, $metadata: {} });
};

const refuseOtherThanJson = (payload: string): void => {
  try {
    JSON.parse(payload);
  } catch (cause) {
    const message = `Could not parse request body into json: ${cause instanceof Error ? cause.message : cause}`;
    throw new sdk.InvalidRequestContentException({ Type: 'User', message, $metadata: {} });
  }
};
