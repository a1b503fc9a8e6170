/** The Amazon States Language as far as it is interpreted here: JSONata only, standard workflows. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** JSON in which strings of the form `{% … %}` are JSONata expressions. */
export type Template = Json;

/** A number, or an expression that yields one. */
export type NumberTemplate = number | string;

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  BackoffRate?: number;
  MaxAttempts?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: 'FULL' | 'NONE';
}

interface Catcher {
  ErrorEquals: string[];
  Next: string;
  Assign?: JsonObject;
  Output?: Template;
}

interface Base {
  Comment?: string;
  Assign?: JsonObject;
  Output?: Template;
  Next?: string;
  End?: boolean;
}

interface Guarded extends Base {
  Retry?: Retrier[];
  Catch?: Catcher[];
}

export interface TaskState extends Guarded {
  Type: 'Task';
  Resource: string;
  Arguments?: Template;
  TimeoutSeconds?: NumberTemplate;
}

export interface PassState extends Base {
  Type: 'Pass';
}

interface ChoiceRule {
  Condition: boolean | string;
  Next: string;
  Assign?: JsonObject;
  Output?: Template;
}

export interface ChoiceState extends Base {
  Type: 'Choice';
  Choices: ChoiceRule[];
  Default?: string;
}

export interface WaitState extends Base {
  Type: 'Wait';
  Seconds: NumberTemplate;
}

export interface SucceedState {
  Type: 'Succeed';
  Output?: Template;
}

export interface FailState {
  Type: 'Fail';
  Error?: string;
  Cause?: string;
}

export interface ParallelState extends Guarded {
  Type: 'Parallel';
  Arguments?: Template;
  Branches: Scope[];
}

export interface MapState extends Guarded {
  Type: 'Map';
  Items?: Template;
  ItemSelector?: Template;
  ItemProcessor: Scope & { ProcessorConfig?: { Mode?: string } };
  MaxConcurrency?: NumberTemplate;
}

export type GuardedState = TaskState | ParallelState | MapState;
export type State = GuardedState | PassState | ChoiceState | WaitState | SucceedState | FailState;

/** A machine, a branch of a Parallel, or the processor of a Map. */
export interface Scope {
  StartAt: string;
  States: Record<string, State>;
}

export interface Definition extends Scope {
  QueryLanguage: 'JSONata';
  Comment?: string;
  Version?: string;
  TimeoutSeconds?: number;
}

/** The scopes inside a state, with the name under which they stand in the definition. */
export const innerScopes = (state: State): { where: string; scope: Scope }[] => {
  if (state.Type === 'Parallel') return state.Branches.map((scope, index) => ({ where: `Branches[${index}]`, scope }));
  if (state.Type === 'Map') return [{ where: 'ItemProcessor', scope: state.ItemProcessor }];
  return [];
};
