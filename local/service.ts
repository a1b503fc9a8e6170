// How a service of the local region is declared: the SDK's client package, and a function for each operation offered.
import type { CallContext, Operation, Service } from './types.ts';

/** An error as AWS answers it: code, HTTP status, message. For those the SDK has no class of. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.code = code;
    this.status = status;
  }
}

/** Input and output of one operation, taken from the SDK's own command class. */
type InputOf<C> = C extends new (input: infer I, ...rest: never[]) => unknown ? I : never;
type OutputOf<M, Op extends string> = `${Op}Command` extends keyof M
  ? M[`${Op}Command`] extends new (
      ...args: never[]
    ) => { resolveMiddleware: (...args: never[]) => (...args: never[]) => Promise<{ output: infer O }> }
    ? Answer<O>
    : never
  : never;

/** An output as a service gives it: streams are ours to make, so `Body` may be any that the endpoint can send. */
type Answer<O> = {
  [P in keyof O as P extends '$metadata' ? never : P]?: P extends 'Body' ? unknown : O[P] | undefined;
};

/** The operations a client package has commands for, each with the command's own input and output. */
export type Operations<M> = {
  [K in keyof M & string as K extends `${infer Op}Command` ? Op : never]?: K extends `${infer Op}Command`
    ? (input: InputOf<M[K]>, context: CallContext) => Promise<OutputOf<M, Op>>
    : never;
};

/** Where the prefix of IAM actions is not the name that signs requests (Service Authorization Reference, 2026-11). */
const IAM_PREFIX: Record<string, string> = { monitoring: 'cloudwatch' };

/** @param sdk an SDK client package as a namespace: `import * as sdk from '@aws-sdk/client-kms'` */
export const defineService = <M extends object>(
  sdk: M,
  operations: { [K in keyof Operations<M>]: Operations<M>[K] },
): Service => {
  const clientName = Object.keys(sdk).find((name) => /^[A-Z].*Client$/.test(name));
  const Client = (sdk as Record<string, unknown>)[clientName ?? ''] as new (
    options: object,
  ) => { config: { defaultSigningName: string } };
  if (!clientName) throw new Error('This module exports no SDK client.');
  const { defaultSigningName: signingName } = new Client({ region: 'us-east-1' }).config;
  return {
    signingName,
    iamPrefix: IAM_PREFIX[signingName] ?? signingName,
    sdk,
    clientName,
    operations: operations as Record<string, Operation>,
  };
};
