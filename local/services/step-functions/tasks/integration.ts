import type { Region } from '../../../types.ts';
import type { Run } from '../execution/frame.ts';
import type { Json, JsonObject } from '../language/definition.ts';
import { type ErrorNaming, serviceError } from './service-errors.ts';

/** One way of running a Task: what its Resource stands for. */
export interface Integration {
  /** `request` answers with the call, `token` when the token comes back. */
  waitsFor: 'request' | 'token';
  /** As the history names them. */
  resourceType: string;
  resource: string;
  /** What is wrong with Arguments as written; expressions are not looked into. */
  faults(args: unknown): string[];
  call(run: Run, args: Json): Promise<Json>;
}

/** Calls a service as the machine's role; failures become errors that Retry and Catch can name. */
export const request = async <T = JsonObject>(
  run: Run,
  naming: ErrorNaming,
  [signingName, operation]: [string, string],
  input: object,
): Promise<T> => {
  try {
    return await run.region.call<T>(signingName, operation, input, run.caller());
  } catch (error) {
    throw serviceError(naming, sdkOf(run.region, signingName), error);
  }
};

export const sdkOf = (region: Region, signingName: string): Record<string, unknown> | undefined =>
  region.services.get(signingName)?.sdk;

/** Arguments as far as they are written as an object: the rest is known only at run time. */
export const unknownArguments = (args: unknown, allowed: string[], required: string[]): string[] => {
  if (typeof args === 'string') return [];
  if (typeof args !== 'object' || args === null) return [`Arguments must be an object with ${required.join(', ')}`];
  return [
    ...Object.keys(args)
      .filter((key) => !allowed.includes(key))
      .map((key) => `Arguments: the field '${key}' is not supported here; known are ${allowed.join(', ')}`),
    ...required.filter((key) => !(key in args)).map((key) => `Arguments: the field '${key}' is missing`),
  ];
};
