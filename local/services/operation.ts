import type { CallContext } from '../types.ts';

/** An operation of RDS or ElastiCache: a command's input in, its output out. */
export type Operation<Input, Output> = (input: Input, context: CallContext) => Promise<Omit<Output, '$metadata'>>;
