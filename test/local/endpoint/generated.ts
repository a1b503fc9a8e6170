// Values made from the schemas of an SDK client: every member that a request or an answer can have, filled.
import type { NormalizedSchema } from '@smithy/core/schema';

const traitsOf = (ns: NormalizedSchema) =>
  ns.getMergedTraits() as { httpPrefixHeaders?: string; httpResponseCode?: unknown; httpHeader?: string };

/** Members a client fills in or reads by itself, each with a meaning that made up text does not have. */
const OWN = new Set([
  'ChecksumAlgorithm',
  'ContentLength',
  'EndpointId',
  'Expires',
  'ExpiresString',
  'SSECustomerKey',
  'SSECustomerKeyMD5',
]);
const COPY_KEYS = /^CopySourceSSECustomerKey/;

const TEXT = 'é <&> "text" 1';
const PLAIN = 'text-1';

/** @param deep how many structures may still be nested; shapes that contain themselves end somewhere */
export const generate = (ns: NormalizedSchema, deep = 5): unknown => {
  const { httpHeader, httpPrefixHeaders, httpResponseCode } = traitsOf(ns);
  if (httpResponseCode !== undefined) return 200;
  if (httpPrefixHeaders !== undefined) return { one: PLAIN };
  if (ns.isUnitSchema()) return {};
  if (ns.isListSchema() && httpHeader !== undefined) return [PLAIN, PLAIN];
  if (ns.isListSchema()) return [generate(ns.getValueSchema(), deep), generate(ns.getValueSchema(), deep)];
  if (ns.isMapSchema())
    return { 'a.key': generate(ns.getValueSchema(), deep), 'b key': generate(ns.getValueSchema(), deep) };
  if (ns.isStructSchema()) return structOf(ns, deep);
  if (ns.isTimestampSchema()) return new Date('2026-11-20T10:00:01Z');
  if (ns.isBlobSchema()) return new Uint8Array([0, 255, 128, 10]);
  if (ns.isBooleanSchema()) return true;
  if (ns.isNumericSchema()) return 42;
  return httpHeader === undefined ? TEXT : PLAIN;
};

const structOf = (ns: NormalizedSchema, deep: number): Record<string, unknown> => {
  const out: Record<string, unknown> = {};
  for (const [name, member] of ns.structIterator()) {
    if (OWN.has(name) || COPY_KEYS.test(name)) continue;
    if (deep === 0 && (member.isStructSchema() || member.isListSchema() || member.isMapSchema())) continue;
    out[name] = generate(member, deep - 1);
    if (isUnion(ns)) break;
  }
  return out;
};

/** Of a union only one member is ever set. */
const isUnion = (ns: NormalizedSchema): boolean => (ns.getSchema() as unknown[])[0] === 4;
