import { StateError } from '../language/errors.ts';
import { exceptionName } from './naming.ts';

/** How an integration names the errors of its service. */
export interface ErrorNaming {
  /** Before the dot. */
  title: string;
  /** For errors that the service's API does not describe: access denied, throttled, internal. */
  other: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a module namespace.
type Sdk = any;

const shapes = new WeakMap<object, Map<string, string>>();

/** Names of error shapes by their own name and by the code that travels with awsQuery. */
const shapesOf = (sdk: Sdk): Map<string, string> => {
  const known = shapes.get(sdk);
  if (known) return known;
  const found = new Map<string, string>();
  for (const [key, schema] of Object.entries<unknown>(sdk)) {
    if (!key.endsWith('$') || !Array.isArray(schema) || schema[0] !== -3) continue;
    const [, , name, traits] = schema;
    found.set(name, name);
    if (traits?.awsQueryError) found.set(traits.awsQueryError[0], name);
  }
  shapes.set(sdk, found);
  return found;
};

interface Failure {
  name?: string;
  code?: unknown;
  message?: string;
  status?: number;
  $metadata?: { httpStatusCode?: number };
}

/** What a failed call is to Retry and Catch. A call that got no answer at all is an `SdkClientException`. */
export const serviceError = (naming: ErrorNaming, sdk: Sdk, error: unknown): StateError => {
  if (error instanceof StateError) return error;
  const { name = 'Error', code, message = '', status, $metadata } = error as Failure;
  // A bug of a local service is answered like AWS's own: an internal error, not a lost connection that one may retry.
  const broken = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
  const answered = broken || $metadata !== undefined || status !== undefined;
  if (!answered) {
    return new StateError(`${naming.title}.SdkClientException`, `Unable to execute HTTP request: ${message}`);
  }
  const shape = shapesOf(sdk ?? {}).get(typeof code === 'string' ? code : name) ?? shapesOf(sdk ?? {}).get(name);
  const cause = `${message} (Service: ${naming.title}, Status Code: ${$metadata?.httpStatusCode ?? status ?? (broken ? 500 : 400)}, Error Code: ${code ?? name})`;
  return new StateError(`${naming.title}.${shape ? exceptionName(shape) : naming.other}`, cause);
};
