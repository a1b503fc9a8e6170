import { InvalidDefinition } from '@aws-sdk/client-sfn';
import { type Definition, innerScopes, type Scope, type State, type TaskState } from './definition.ts';
import { BRANCH_FIELDS, fieldFaults, MACHINE_FIELDS, PART_FIELDS, PROCESSOR_FIELDS, STATE_FIELDS } from './fields.ts';
import { templateFaults } from './syntax.ts';

/** Says what cannot be run about a Task; nothing when all can. */
export type TaskCheck = (state: TaskState) => string[];

const TEMPLATES = [
  'Arguments',
  'Assign',
  'Output',
  'Items',
  'ItemSelector',
  'Condition',
  'Seconds',
  'TimeoutSeconds',
  'MaxConcurrency',
  'Error',
  'Cause',
];

const partFaults = (part: object, where: string): string[] =>
  Object.entries(part).flatMap(([field, value]): string[] => {
    const parts: unknown[] = Array.isArray(value) ? value : [value];
    const allowed = PART_FIELDS[field];
    const place = (index: number) => `${where}/${field}${Array.isArray(value) ? `[${index}]` : ''}`;
    const own = TEMPLATES.includes(field) ? templateFaults(value, `${where}/${field}`) : [];
    if (!allowed) return own;
    return [
      ...own,
      ...parts.flatMap((item, index) =>
        typeof item === 'object' && item !== null
          ? [...fieldFaults(item, allowed, place(index)), ...(own.length ? [] : partFaults(item, place(index)))]
          : [`${place(index)}: must be an object`],
      ),
    ];
  });

const wildcardFaults = (state: State, where: string): string[] => {
  if (state.Type !== 'Task' && state.Type !== 'Parallel' && state.Type !== 'Map') return [];
  return [state.Retry ?? [], state.Catch ?? []].flatMap((list) =>
    list
      .filter(
        ({ ErrorEquals }, index) =>
          ErrorEquals?.includes('States.ALL') && (ErrorEquals.length > 1 || index < list.length - 1),
      )
      .map(() => `${where}: States.ALL must stand alone and last`),
  );
};

/** A distributed Map, whose children are executions of their own, is not interpreted here. */
const modeFaults = (state: State, where: string): string[] => {
  const mode = (state.Type === 'Map' && state.ItemProcessor?.ProcessorConfig?.Mode) || 'INLINE';
  return mode === 'INLINE' ? [] : [`${where}: ProcessorConfig.Mode must be INLINE; found ${mode}`];
};

const assignedIn = (state: State): string[] => {
  const { Assign, Choices = [], Catch = [] } = state as { Assign?: object; Choices?: []; Catch?: [] };
  const parts: { Assign?: object }[] = [{ ...(Assign && { Assign }) }, ...Choices, ...Catch];
  return parts.flatMap((part) => Object.keys(part.Assign ?? {}));
};

/** Inner scopes read outer variables but cannot have ones of the same name. */
const variableFaults = (assigned: string[], outer: Set<string>, where: string): string[] =>
  assigned.flatMap((name) => {
    if (name === 'states') return [`${where}: $states is reserved; assign another name`];
    if (!/^[\p{ID_Start}_]\p{ID_Continue}{0,79}$/u.test(name)) return [`${where}: '${name}' is no variable name`];
    return outer.has(name) ? [`${where}: $${name} belongs to an outer scope and cannot be assigned here`] : [];
  });

/** Where a state leads, by every way out of it; nothing where it is an end. */
const targetsOf = (state: State): (string | undefined)[] => {
  const {
    Next,
    Default,
    Choices = [],
    Catch = [],
    End,
  } = state as Record<'Next' | 'Default', string | undefined> & {
    Choices?: { Next?: string }[];
    Catch?: { Next?: string }[];
    End?: boolean;
  };
  const branches = [...Choices, ...Catch].map((way) => way.Next);
  const isEnd = End === true || ['Choice', 'Succeed', 'Fail'].includes(state.Type);
  return [...(isEnd ? [] : [Next]), ...(Default === undefined ? [] : [Default]), ...branches];
};

const transitionFaults = ({ StartAt, States = {} }: Scope, where: string): string[] => {
  const lost = (place: string, target: string | undefined): string[] =>
    target !== undefined && Object.hasOwn(States, target)
      ? []
      : [`${place} leads to ${target ?? 'nothing'}: no such state here`];
  return [
    ...lost(`${where}StartAt`, StartAt),
    ...Object.entries(States).flatMap(([name, state]) =>
      targetsOf(state).flatMap((target) => lost(`${where}${name}`, target)),
    ),
  ];
};

const scopeFaults = (scope: Scope, outer: Set<string>, where: string, task: TaskCheck): string[] => {
  const states = Object.entries(scope.States ?? {});
  const own = new Set([...outer, ...states.flatMap(([, state]) => assignedIn(state))]);
  const faults = states.flatMap(([name, state]) => {
    const place = `${where}${name}`;
    const allowed = STATE_FIELDS[state.Type];
    if (!allowed) return [`${place}: states of type '${state.Type}' are not known`];
    const language = (state as { QueryLanguage?: string }).QueryLanguage ?? 'JSONata';
    if (language !== 'JSONata') return [`${place}: QueryLanguage must be JSONata; found ${language}`];
    return [
      ...fieldFaults(state, allowed, place),
      ...partFaults(state, place),
      ...wildcardFaults(state, place),
      ...variableFaults(assignedIn(state), outer, place),
      ...(state.Type === 'Task' ? task(state).map((fault) => `${place}: ${fault}`) : []),
      ...modeFaults(state, place),
      ...innerScopes(state).flatMap((inner) => {
        if (!inner.scope) return [`${place}/${inner.where}: is missing`];
        const fields = state.Type === 'Map' ? PROCESSOR_FIELDS : BRANCH_FIELDS;
        return [
          ...fieldFaults(inner.scope, fields, `${place}/${inner.where}`),
          ...('ProcessorConfig' in inner.scope
            ? partFaults({ ProcessorConfig: inner.scope.ProcessorConfig }, place)
            : []),
          ...scopeFaults(inner.scope, own, `${place}/`, task),
        ];
      }),
    ];
  });
  return [...transitionFaults(scope, where), ...faults];
};

const refuse = (faults: string[]): never => {
  throw new InvalidDefinition({
    message: `Invalid State Machine Definition: ${faults.join('; ')}. Correct the definition and deploy again.`,
    $metadata: {},
  });
};

/** Reads a definition, or refuses it with everything that is wrong. What is not interpreted is never let through. @throws {InvalidDefinition} */
export const parseDefinition = (text: string, task: TaskCheck): Definition => {
  let definition: Definition;
  try {
    definition = JSON.parse(text);
  } catch (error) {
    return refuse([`the text is not JSON: ${(error as Error).message}`]);
  }
  if (definition.QueryLanguage !== 'JSONata') {
    return refuse([`QueryLanguage must be JSONata; found ${definition.QueryLanguage ?? 'none, which means JSONPath'}`]);
  }
  const faults = [
    ...fieldFaults(definition, MACHINE_FIELDS, 'machine'),
    ...scopeFaults(definition, new Set(), '', task),
  ];
  return faults.length > 0 ? refuse(faults) : definition;
};
