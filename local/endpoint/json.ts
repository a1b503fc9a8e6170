// Values as JSON, by their schema: times are epoch seconds, blobs are base64.
import type { NormalizedSchema } from '@smithy/core/schema';
import { timeFormat, timeFromText, timeToText } from './scalars.ts';

const keyOf = (name: string, member: NormalizedSchema, rest: boolean): string =>
  rest ? ((member.getMergedTraits().jsonName as string | undefined) ?? name) : name;

/** @param rest restJson renames members by trait, awsJson does not */
export const toJson = (ns: NormalizedSchema, value: unknown, rest = false): unknown => {
  if (value === null || value === undefined) return value;
  if (value instanceof Date) {
    const format = timeFormat(ns, 'epoch-seconds');
    return format === 'epoch-seconds' ? value.getTime() / 1000 : timeToText(value, format);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (ns.isListSchema()) return (value as unknown[]).map((item) => toJson(ns.getValueSchema(), item, rest));
  if (ns.isMapSchema()) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, toJson(ns.getValueSchema(), item, rest)]),
    );
  }
  if (!ns.isStructSchema()) return value;
  const out: Record<string, unknown> = {};
  for (const [name, member] of ns.structIterator()) {
    const item = (value as Record<string, unknown>)[name];
    if (item !== undefined && item !== null) out[keyOf(name, member, rest)] = toJson(member, item, rest);
  }
  return out;
};

export const fromJson = (ns: NormalizedSchema, value: unknown, rest = false): unknown => {
  if (value === null || value === undefined) return undefined;
  if (ns.isTimestampSchema()) return timeFromText(String(value));
  if (ns.isBlobSchema()) return Buffer.from(String(value), 'base64');
  if (ns.isListSchema()) return (value as unknown[]).map((item) => fromJson(ns.getValueSchema(), item, rest));
  if (ns.isMapSchema()) {
    return Object.fromEntries(
      Object.entries(value as object).map(([key, item]) => [key, fromJson(ns.getValueSchema(), item, rest)]),
    );
  }
  if (!ns.isStructSchema()) return value;
  const out: Record<string, unknown> = {};
  for (const [name, member] of ns.structIterator()) {
    const item = fromJson(member, (value as Record<string, unknown>)[keyOf(name, member, rest)], rest);
    if (item !== undefined) out[name] = item;
  }
  return out;
};
