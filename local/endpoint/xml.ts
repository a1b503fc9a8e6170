// Values as XML, by their schema. Reading is the SDK's own deserialiser; writing is here because the SDK's serialiser
// writes requests.
import { XmlShapeDeserializer } from '@aws-sdk/core/protocols';
import type { NormalizedSchema } from '@smithy/core/schema';
import { toText } from './scalars.ts';

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"\r\u0085\u2028]/g, (c) => `&#x${c.charCodeAt(0).toString(16)};`);

const element = (name: string, content: string, attributes = ''): string =>
  `<${name}${attributes}>${content}</${name}>`;

/** The elements inside a structure; members bound elsewhere (headers, status) are left out by `include`. */
export const structContent = (
  ns: NormalizedSchema,
  value: Record<string, unknown>,
  include: (member: NormalizedSchema) => boolean = () => true,
): string => {
  let out = '';
  for (const [name, member] of ns.structIterator()) {
    const item = value[name];
    if (item === undefined || item === null || !include(member) || member.getMergedTraits().xmlAttribute) continue;
    out += writeElement(member.getMemberTraits().xmlName ?? name, member, item);
  }
  return out;
};

/** `xsi:type="CanonicalUser"` and the like. */
const attributesOf = (ns: NormalizedSchema, value: Record<string, unknown>): string => {
  let out = '';
  for (const [name, member] of ns.structIterator()) {
    const { xmlAttribute, xmlName } = member.getMergedTraits() as { xmlAttribute?: unknown; xmlName?: string };
    if (xmlAttribute && value[name] !== undefined) out += ` ${xmlName ?? name}="${escapeXml(String(value[name]))}"`;
  }
  return out && ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"${out}`;
};

export const writeElement = (name: string, ns: NormalizedSchema, value: unknown): string => {
  const flat = Boolean(ns.getMergedTraits().xmlFlattened);
  if (ns.isListSchema()) {
    const member = ns.getValueSchema();
    const itemName = flat ? name : ((member.getMergedTraits().xmlName as string | undefined) ?? 'member');
    const items = (value as unknown[]).map((item) => writeElement(itemName, member, item)).join('');
    return flat ? items : element(name, items);
  }
  if (ns.isMapSchema()) {
    const keyName = (ns.getKeySchema().getMergedTraits().xmlName as string | undefined) ?? 'key';
    const member = ns.getValueSchema();
    const valueName = (member.getMergedTraits().xmlName as string | undefined) ?? 'value';
    const entries = Object.entries(value as object).map(
      ([key, item]) => element(keyName, escapeXml(key)) + writeElement(valueName, member, item),
    );
    return flat
      ? entries.map((entry) => element(name, entry)).join('')
      : element(name, entries.map((entry) => element('entry', entry)).join(''));
  }
  if (ns.isStructSchema()) {
    const struct = value as Record<string, unknown>;
    return element(name, structContent(ns, struct), attributesOf(ns, struct));
  }
  return element(name, escapeXml(toText(ns, value, 'date-time')));
};

/** @throws whatever the SDK's parser says about text that is no XML. */
export const readXml = (ns: NormalizedSchema, bytes: Uint8Array): Record<string, unknown> => {
  const deserializer = new XmlShapeDeserializer({
    httpBindings: true,
    timestampFormat: { useTrait: true, default: 5 },
    serviceNamespace: '',
    xmlNamespace: '',
  });
  return deserializer.read(ns, bytes) as Record<string, unknown>;
};
