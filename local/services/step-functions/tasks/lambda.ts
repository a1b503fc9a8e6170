import type { Run } from '../execution/frame.ts';
import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { type Integration, request, unknownArguments } from './integration.ts';
import { contentOf } from './payload.ts';

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

/** `Error` is the function's errorType and `Cause` the whole payload, as text. */
const invoke = async (run: Run, input: JsonObject): Promise<{ payload: Json; response: Response }> => {
  const { Payload = {}, ...rest } = input;
  const body = Buffer.from(JSON.stringify(Payload));
  const response = await request<Response>(run, NAMING, ['lambda', 'Invoke'], { ...rest, Payload: body });
  const text = await contentOf(response.Payload);
  const payload = text === '' ? null : parse(text);
  if (response.FunctionError === undefined) return { payload, response };
  const { errorType } = (payload ?? {}) as { errorType?: string };
  throw new StateError(errorType ?? 'Lambda.Unknown', text);
};

const FIELDS = ['FunctionName', 'Payload', 'InvocationType', 'Qualifier', 'ClientContext'];

/** `arn:aws:states:::lambda:invoke`, with and without a task token. */
export const lambdaInvoke = (waitsFor: 'request' | 'token'): Integration => ({
  waitsFor,
  resourceType: 'lambda',
  resource: waitsFor === 'token' ? 'invoke.waitForTaskToken' : 'invoke',
  faults: (args) => unknownArguments(args, FIELDS, ['FunctionName']),
  async call(run, args) {
    const { payload, response } = await invoke(run, args as JsonObject);
    const { ExecutedVersion = '$LATEST', StatusCode = 200 } = response;
    return { ExecutedVersion, Payload: payload, StatusCode };
  },
});

/** A function's ARN as Resource: Arguments are the event, the result is what it returns. */
export const lambdaFunction = (arn: string): Integration => ({
  waitsFor: 'request',
  resourceType: 'lambda',
  resource: arn,
  faults: () => [],
  call: async (run, args) => (await invoke(run, { FunctionName: arn, Payload: args })).payload,
});
