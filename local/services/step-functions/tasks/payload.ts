import type { NormalizedSchema } from '@smithy/core/schema';
import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { memberName, notSupported } from './naming.ts';

const refusal = (where: string, what: string): StateError => new StateError('States.Runtime', `${where}: ${what}`);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Arguments as Step Functions spells them, to the input of an SDK command. What the operation does not know is refused. */
export const toInput = (schema: NormalizedSchema, value: Json, where: string): unknown => {
  if (value === null) return value;
  if (schema.isStructSchema()) {
    if (!isObject(value)) throw refusal(where, `must be an object; found ${JSON.stringify(value)}`);
    const members = new Map([...schema.structIterator()].map(([name, member]) => [memberName(name), { name, member }]));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const known = members.get(key);
        if (!known) throw refusal(where, notSupported(key, [...members.keys()]));
        return [known.name, toInput(known.member, item, `${where}/${key}`)];
      }),
    );
  }
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw refusal(where, `must be an array; found ${JSON.stringify(value)}`);
    return value.map((item, index) => toInput(schema.getValueSchema(), item, `${where}[${index}]`));
  }
  if (schema.isMapSchema() && isObject(value)) {
    const inner = schema.getValueSchema();
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, toInput(inner, item, `${where}/${key}`)]),
    );
  }
  if (schema.isTimestampSchema()) return typeof value === 'number' ? new Date(value * 1000) : new Date(String(value));
  return value;
};

/** What a command answered, spelled as Step Functions does, as JSON: times as text. */
export const fromOutput = (schema: NormalizedSchema, value: unknown): Json | undefined => {
  if (value === undefined || value === null) return undefined;
  if (schema.isTimestampSchema()) return new Date(value as string).toISOString().replace('.000Z', 'Z');
  if (schema.isListSchema() && Array.isArray(value))
    return value.map((item) => fromOutput(schema.getValueSchema(), item)).filter((item) => item !== undefined);
  if (schema.isMapSchema())
    return objectOf(Object.entries(value).map(([key, item]) => [key, schema.getValueSchema(), item]));
  if (!schema.isStructSchema()) return JSON.parse(JSON.stringify(value));
  const members = value as Record<string, unknown>;
  return objectOf([...schema.structIterator()].map(([name, inner]) => [memberName(name), inner, members[name]]));
};

const objectOf = (entries: [string, NormalizedSchema, unknown][]): JsonObject => {
  const result: JsonObject = {};
  for (const [key, schema, value] of entries) {
    const item = fromOutput(schema, value);
    if (item !== undefined) result[key] = item;
  }
  return result;
};
