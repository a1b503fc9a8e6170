import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { z } from 'zod';
import { LifeboatError } from '../errors.ts';
import { logger } from '../telemetry/logger.ts';

export class RequestInvalid extends LifeboatError {
  override readonly name = 'RequestInvalid';
}

export class OutOfTime extends LifeboatError {
  override readonly name = 'OutOfTime';
}

/** Time kept back to say that time ran out, instead of being cut off in the middle of a word. */
const RESERVED_MS = 500;

/** What a run knows about its own bounds. */
export interface Work {
  /** Aborted when the function's time is about to end. */
  signal: AbortSignal;
  remainingMs(): number;
}

/**
 * The one way to make a handler: the event is parsed by the schema, `run` does the work, its result is returned as is.
 * A failure is logged once, here, and thrown on: the caller's Retry and Catch decide.
 * @throws {RequestInvalid} before anything is done. @throws {OutOfTime} shortly before Lambda would end the process.
 */
export const lambda = <S extends z.ZodType, R>(schema: S, run: (request: z.output<S>, work: Work) => Promise<R>) =>
  middy({
    timeoutEarlyInMillis: RESERVED_MS,
    timeoutEarlyResponse: () => {
      throw new OutOfTime('the function ran out of time.', {
        source: 'lambda',
        next: 'It is retried; if this repeats, give the function a longer time-out or smaller pieces of work.',
      });
    },
  })
    .use(injectLambdaContext(logger))
    .onError((request) => {
      logger.error('failed', request.error as Error);
    })
    .handler(async (event: unknown, context: Context, { signal }: { signal: AbortSignal }): Promise<R> => {
      const parsed = schema.safeParse(event);
      if (!parsed.success) {
        throw new RequestInvalid(`the request is not valid:\n${z.prettifyError(parsed.error)}\n`, {
          source: context.functionName,
          next: 'Correct the fields named above; events/samples shows a valid request for every function.',
        });
      }
      return run(parsed.data, { signal, remainingMs: () => context.getRemainingTimeInMillis() - RESERVED_MS });
    });
