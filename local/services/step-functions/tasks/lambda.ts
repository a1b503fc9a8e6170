import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { type Integration, request, unknownArguments } from './integration.ts';

const NAMING = { title: 'Lambda', other: 'AWSLambdaException' };

interface Response {
  StatusCode?: number;
  ExecutedVersion?: string;
  FunctionError?: string;
  Payload?: Uint8Array;
}

const parse = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return text; // a payload that is not JSON is handed on as it is
  }
};

const FIELDS = ['FunctionName', 'Payload', 'InvocationType', 'Qualifier', 'ClientContext'];

/**
 * `arn:aws:states:::lambda:invoke`, with and without a task token. Where the function fails, `Error` is its errorType and `Cause`
 * the whole payload, as text.
 */
export const lambdaInvoke = (waitsFor: 'request' | 'token'): Integration => ({
  waitsFor,
  resourceType: 'lambda',
  resource: waitsFor === 'token' ? 'invoke.waitForTaskToken' : 'invoke',
  faults: (args) => unknownArguments(args, FIELDS, ['FunctionName']),
  async call(run, args) {
    const { Payload = {}, ...rest } = args as JsonObject;
    const body = Buffer.from(JSON.stringify(Payload));
    const response = await request<Response>(run, NAMING, ['lambda', 'Invoke'], { ...rest, Payload: body });
    const { ExecutedVersion = '$LATEST', StatusCode = 200, FunctionError } = response;
    const text = Buffer.from(response.Payload ?? []).toString();
    const payload = text === '' ? null : parse(text);
    if (FunctionError === undefined) return { ExecutedVersion, Payload: payload, StatusCode };
    const { errorType } = (payload ?? {}) as { errorType?: string };
    throw new StateError(errorType ?? 'Lambda.Unknown', text);
  },
});
