/** What intrinsic functions look up. Every look-up throws, naming what is missing. */
export interface Scope {
  ref(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
}

/** The name and argument of an intrinsic function, where the value is one. */
export const intrinsicOf = (value: object): [name: string, argument: unknown] | undefined => {
  const entries = Object.entries(value);
  const [entry] = entries;
  if (!entry || !(entry[0] === 'Ref' || entry[0].startsWith('Fn::'))) return undefined;
  if (entries.length > 1) throw new Error(`${entry[0]} stands beside other keys: ${Object.keys(value).join(', ')}`);
  return entry;
};

/** Puts values in place of all intrinsic functions, at any depth. */
export const resolve = (value: unknown, scope: Scope): unknown => {
  if (Array.isArray(value)) return value.map((each) => resolve(each, scope));
  if (typeof value !== 'object' || value === null) return value;
  const intrinsic = intrinsicOf(value);
  if (intrinsic) {
    const [name, argument] = intrinsic;
    const run = FUNCTIONS[name];
    if (!run)
      throw new Error(`the intrinsic function ${name} is not known. Known: ${Object.keys(FUNCTIONS).join(', ')}`);
    return run(argument, scope);
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, scope)]));
};

const FUNCTIONS: Record<string, (argument: unknown, scope: Scope) => unknown> = {
  Ref: (argument, scope) => scope.ref(asText(argument)),
  'Fn::GetAtt': (argument, scope) => scope.attribute(...attributeNamed(argument)),
  'Fn::Sub': (argument, scope) => {
    const { text, variables } = subParts(argument);
    return text.replace(PLACEHOLDER, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (name in variables) return asText(resolve(variables[name], scope));
      return asText(name.includes('.') ? scope.attribute(...attributeNamed(name)) : scope.ref(name));
    });
  },
  'Fn::Join': (argument, scope) => {
    const [delimiter, values] = asList(argument);
    return asList(resolve(values, scope)).map(asText).join(asText(delimiter));
  },
};

const PLACEHOLDER = /\$\{(!?)([^}]+)\}/g;

/** Text and own variables of an Fn::Sub, and the names its placeholders look up outside. */
export const subParts = (argument: unknown) => {
  const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
  const own = (variables ?? {}) as Record<string, unknown>;
  const names = [...asText(text).matchAll(PLACEHOLDER)].flatMap(([, literal, name]) => (literal ? [] : [name ?? '']));
  return { text: asText(text), variables: own, names: names.filter((name) => !(name in own)) };
};

/** `[id, attribute]`, written as a list or as `id.attribute`. */
export const attributeNamed = (argument: unknown): [logicalId: string, attribute: string] => {
  const [logicalId = '', ...attribute] = Array.isArray(argument) ? argument.map(asText) : asText(argument).split('.');
  return [logicalId, attribute.join('.')];
};

const asText = (value: unknown): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`a text is expected, found ${JSON.stringify(value)}`);
};

const asList = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value;
  throw new Error(`a list is expected, found ${JSON.stringify(value)}`);
};
