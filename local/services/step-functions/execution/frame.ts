import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { Caller, Region } from '../../../types.ts';
import type { Json, JsonObject, Scope } from '../language/definition.ts';
import type { View } from '../language/expressions.ts';
import type { Activity } from './activity.ts';
import type { History } from './history.ts';
import type { Tokens } from './tokens.ts';

/** What all branches of one execution share. */
export interface Run {
  region: Region;
  machine: { arn: string; name: string };
  activity: Activity;
  tokens: Tokens;
  /** The machine's role, as assumed by Step Functions. @throws ApiError when its trust policy forbids it. */
  caller(): Caller;
}

/** How far a scope has come: what a redrive goes on from. */
export interface Progress {
  state: string;
  input: Json;
  variables: JsonObject;
  item?: { Index: number; Value: Json };
  /** Branches of the Parallel, or items of the Map, that `state` is. */
  children?: Progress[];
  /** Set once the scope has ended well. */
  output?: { value: Json };
}

/** One scope being run. */
export interface Frame {
  run: Run;
  scope: Scope;
  progress: Progress;
  parent?: Frame;
  signal: AbortSignal;
  history: History;
  lastEvent: number;
  /** `$states.context` as far as it is the same for all states: Execution, StateMachine, Map. */
  context: JsonObject;
}

export const log = (frame: Frame, type: HistoryEventType, details?: object): void => {
  frame.lastEvent = frame.history.add(type, frame.lastEvent, details);
};

const variablesOf = (frame: Frame): JsonObject => ({
  ...(frame.parent && variablesOf(frame.parent)),
  ...frame.progress.variables,
});

/** One visit to a state. */
export interface Visit {
  frame: Frame;
  name: string;
  input: Json;
  enteredAt: string;
  retryCount: number;
  token?: string;
}

export const viewOf = (
  visit: Visit,
  more: { result?: Json; errorOutput?: Json } = {},
  extra: JsonObject = {},
): View => {
  const { frame, name, input, enteredAt, retryCount, token } = visit;
  const context: JsonObject = {
    ...frame.context,
    ...extra,
    State: { Name: name, EnteredTime: enteredAt, RetryCount: retryCount },
    ...(token !== undefined && { Task: { Token: token } }),
  };
  const now = frame.run.region.clock.now();
  return { state: name, now, variables: variablesOf(frame), states: { input, ...more, context } };
};

/** How a visit ended: where to go and with what. */
export interface Outcome {
  output: Json;
  assigned: JsonObject;
  next: string | undefined;
}
