import { NormalizedSchema } from '@smithy/core/schema';
import type { Region } from '../../../types.ts';
import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { expressionIn } from '../language/expressions.ts';
import { type Integration, request, sdkOf } from './integration.ts';
import { memberName, notSupported, SDK_SERVICES } from './naming.ts';
import { fromOutput, toInput } from './payload.ts';

type OperationSchema = [number, string, string, unknown, unknown, unknown];

const operationOf = (region: Region, signingName: string, operation: string): OperationSchema | undefined =>
  sdkOf(region, signingName)?.[`${operation}$`] as OperationSchema | undefined;

/** Members at the top of Arguments that the operation does not know, or needs and does not get. */
const argumentFaults = ([, , , , input]: OperationSchema, args: unknown): string[] => {
  if (typeof args === 'string' && expressionIn(args) !== undefined) return [];
  const given = Object.keys((args ?? {}) as JsonObject);
  const schema = NormalizedSchema.of(input as never);
  const names = schema.isStructSchema() ? [...schema.structIterator()].map(([name]) => memberName(name)) : [];
  // The seventh place of a structure's schema says how many of its members, counted from the first, are required.
  const required = names.slice(0, Number((schema.getSchema() as unknown[])[6] ?? 0));
  return [
    ...given.filter((key) => !names.includes(key)).map((key) => `Arguments: ${notSupported(key, names)}`),
    ...required.filter((key) => !given.includes(key)).map((key) => `Arguments: the field '${key}' is missing`),
  ];
};

/** `arn:aws:states:::aws-sdk:<service>:<action>`: any operation of a service of this region. */
export const sdkCall = (region: Region, service: string, action: string): Integration | undefined => {
  const known = SDK_SERVICES[service];
  if (!known || !/^[a-z]/.test(action)) return undefined;
  const { signingName, title } = known;
  const operation = action.charAt(0).toUpperCase() + action.slice(1);
  return {
    waitsFor: 'request',
    resourceType: `aws-sdk:${service}`,
    resource: action,
    faults(args) {
      const schema = operationOf(region, signingName, operation);
      if (schema) return argumentFaults(schema, args);
      if (!sdkOf(region, signingName)) return [`the service ${service} is not offered in ${region.name} here`];
      return [`${service} has no action '${action}'; write it as the API does, with a small first letter`];
    },
    async call(run, args: Json) {
      const schema = operationOf(region, signingName, operation);
      if (!schema) throw new StateError('States.Runtime', `${title}: no operation ${operation} in ${region.name}`);
      const input = toInput(NormalizedSchema.of(schema[4] as never), args, 'Arguments') as object;
      const naming = { title, other: `${title}Exception` };
      const output = await request(run, naming, [signingName, operation], input);
      return fromOutput(NormalizedSchema.of(schema[5] as never), output) ?? {};
    },
  };
};
