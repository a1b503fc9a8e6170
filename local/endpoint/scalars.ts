// Simple values as text, in headers, query strings, form fields and XML, by their schema.
import type { NormalizedSchema } from '@smithy/core/schema';

/** How a time is written where its schema does not say. */
export type TimeFormat = 'date-time' | 'http-date' | 'epoch-seconds';

const FORMATS: Record<number, TimeFormat> = { 5: 'date-time', 6: 'http-date', 7: 'epoch-seconds' };

export const timeFormat = (ns: NormalizedSchema, fallback: TimeFormat): TimeFormat =>
  FORMATS[ns.getSchema() as number] ?? fallback;

export const timeToText = (time: Date, format: TimeFormat): string => {
  if (format === 'date-time') return time.toISOString().replace('.000Z', 'Z');
  return format === 'http-date' ? time.toUTCString() : String(time.getTime() / 1000);
};

export const timeFromText = (text: string): Date =>
  /^-?\d+(\.\d+)?$/.test(text) ? new Date(Number(text) * 1000) : new Date(text);

export const toText = (ns: NormalizedSchema, value: unknown, format: TimeFormat): string => {
  if (value instanceof Date) return timeToText(value, timeFormat(ns, format));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return String(value);
};

export const fromText = (ns: NormalizedSchema, text: string): unknown => {
  if (ns.isTimestampSchema()) return timeFromText(text);
  if (ns.isNumericSchema()) return Number(text);
  if (ns.isBigIntegerSchema()) return BigInt(text);
  if (ns.isBooleanSchema()) return text.toLowerCase() === 'true';
  if (ns.isBlobSchema()) return Buffer.from(text, 'base64');
  return text;
};
