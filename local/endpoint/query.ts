// The awsQuery protocol: form fields in, XML out.
import type { NormalizedSchema } from '@smithy/core/schema';
import { fromText } from './scalars.ts';

/** Form fields as the tree their dotted names draw. */
export interface Field {
  text?: string;
  children: Map<string, Field>;
}

export const parseForm = (body: string): Field => {
  const root: Field = { children: new Map() };
  for (const [name, text] of new URLSearchParams(body)) {
    let field = root;
    for (const part of name.split('.')) {
      const child: Field = field.children.get(part) ?? { children: new Map() };
      field.children.set(part, child);
      field = child;
    }
    field.text = text;
  }
  return root;
};

const numbered = (field: Field): Field[] =>
  [...field.children.entries()].toSorted(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);

/** Lists come as `Tags.1`, `Tags.member.1` or `Tags.Tag.1`, depending on client and trait. */
const itemsOf = (field: Field): Field[] => {
  const names = [...field.children.keys()];
  if (names.every((name) => /^\d+$/.test(name))) return numbered(field);
  const only = names.length === 1 ? field.children.get(names[0] as string) : undefined;
  return only ? numbered(only) : [];
};

export const readFields = (ns: NormalizedSchema, field: Field): unknown => {
  if (ns.isListSchema()) return itemsOf(field).map((item) => readFields(ns.getValueSchema(), item));
  if (ns.isMapSchema()) {
    const entries = numbered(field.children.get('entry') ?? field);
    return Object.fromEntries(
      entries.map(({ children }) => {
        const [key, value] = [...children.values()];
        return [key?.text ?? '', value && readFields(ns.getValueSchema(), value)];
      }),
    );
  }
  if (!ns.isStructSchema()) return fromText(ns, field.text ?? '');
  const out: Record<string, unknown> = {};
  for (const [name, member] of ns.structIterator()) {
    const child =
      field.children.get((member.getMergedTraits().xmlName as string | undefined) ?? name) ?? field.children.get(name);
    if (child) out[name] = readFields(member, child);
  }
  return out;
};
