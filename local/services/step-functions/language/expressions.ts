import jsonata from 'jsonata';
import type { Json, JsonObject, Template } from './definition.ts';
import { queryError, type StateError } from './errors.ts';
import { functionsAt } from './functions.ts';

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

/** The JSONata inside `{% … %}`, or nothing where the text is just text. */
export const expressionIn = (text: string): string | undefined => EXPRESSION.exec(text)?.[1]?.trim();

/** What expressions of one state may see, at one moment. */
export interface View {
  state: string;
  now: Date;
  variables: JsonObject;
  states: { input: Json; result?: Json; errorOutput?: Json; context: JsonObject };
}

const describe = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return String(error);
  const { code, message } = error as { code?: string; message?: string };
  return code ? `${code}: ${message}` : String(message);
};

const failed = (view: View, field: string, expression: string, what: string): StateError =>
  queryError(`State '${view.state}': the JSONata expression '${expression}' of field '${field}' ${what}`);

const containsFunction = (value: unknown): boolean =>
  typeof value === 'function' ||
  (typeof value === 'object' &&
    value !== null &&
    ('_jsonata_lambda' in value || '_jsonata_function' in value || Object.values(value).some(containsFunction)));

const evaluateExpression = async (expression: string, view: View, field: string): Promise<Json> => {
  let value: unknown;
  try {
    value = await jsonata(expression).evaluate(undefined, {
      ...functionsAt(view.now),
      ...view.variables,
      states: view.states,
    });
  } catch (error) {
    throw failed(view, field, expression, `threw an error during evaluation. ${describe(error)}`);
  }
  if (value === undefined) throw failed(view, field, expression, 'returned nothing (undefined).');
  if (containsFunction(value)) throw failed(view, field, expression, 'returned a function.');
  return JSON.parse(JSON.stringify(value));
};

/** The template with every expression in it replaced by its value. @throws {StateError} States.QueryEvaluationError. */
export const evaluate = async (template: Template, view: View, field: string): Promise<Json> => {
  if (typeof template === 'string') {
    const expression = expressionIn(template);
    return expression === undefined ? template : await evaluateExpression(expression, view, field);
  }
  if (Array.isArray(template)) {
    const values: Json[] = [];
    for (const [index, item] of template.entries()) values.push(await evaluate(item, view, `${field}[${index}]`));
    return values;
  }
  if (template === null || typeof template !== 'object') return template;
  const values: JsonObject = {};
  for (const [key, item] of Object.entries(template)) values[key] = await evaluate(item, view, `${field}/${key}`);
  return values;
};

const typed =
  <T extends Json>(expected: string, is: (value: Json) => value is T) =>
  async (template: Template, view: View, field: string): Promise<T> => {
    const value = await evaluate(template, view, field);
    if (is(value)) return value;
    throw failed(view, field, String(template), `must yield ${expected}; found ${JSON.stringify(value)}.`);
  };

export const evaluateBoolean = typed('a boolean', (value) => typeof value === 'boolean');
export const evaluateString = typed('a string', (value) => typeof value === 'string');
export const evaluateArray = typed('an array', (value) => Array.isArray(value));
export const evaluateInteger = typed(
  'an integer of 0 or more',
  (value): value is number => Number.isInteger(value) && (value as number) >= 0,
);
