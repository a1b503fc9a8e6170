// Label and field selectors, as query parameters write them.
import { badRequest } from './failures.ts';
import type { KubeObject } from './objects.ts';

export type Selector = (object: KubeObject) => boolean;

export const everything: Selector = () => true;

/** `app=order,tier!=cache,env in (a,b),!legacy`. */
export const labelSelector = (text: string | null): Selector => {
  if (!text) return everything;
  const requirements = splitOutsideParentheses(text).map(requirement);
  return ({ metadata: { labels = {} } }) => requirements.every((holds) => holds(labels));
};

const splitOutsideParentheses = (text: string): string[] => text.split(/,(?![^(]*\))/).map((part) => part.trim());

type Requirement = (labels: Record<string, string>) => boolean;

const requirement = (text: string): Requirement => {
  const [, key = '', operator = '', list = ''] = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text) ?? [];
  if (operator) {
    const values = list.split(',').map((value) => value.trim());
    const isIn = (labels: Record<string, string>): boolean => values.includes(labels[key] ?? '\0');
    return operator === 'in' ? isIn : (labels) => !isIn(labels);
  }
  const [, name = '', comparison = '', value = ''] = /^([\w./-]+?)\s*(==?|!=)\s*([\w.-]*)$/.exec(text) ?? [];
  if (comparison) return (labels) => (labels[name] === value) === (comparison !== '!=');
  const [, not, existing = ''] = /^(!?)([\w./-]+)$/.exec(text) ?? [];
  if (existing) return (labels) => existing in labels === (not === '');
  throw badRequest(`unable to parse requirement: ${text}`);
};

/** `metadata.name=order,involvedObject.kind!=Pod`: any field that is text, as far as objects have it. */
export const fieldSelector = (text: string | null): Selector => {
  if (!text) return everything;
  const parts = text.split(',').map((part) => {
    const [, path = '', operator = '', value = ''] = /^([\w.]+)(==?|!=)(.*)$/.exec(part) ?? [];
    if (!operator) throw badRequest(`invalid field selector: ${text}`);
    return { path: path.split('.'), equal: operator !== '!=', value };
  });
  return (object) => parts.every(({ path, equal, value }) => (String(fieldAt(object, path) ?? '') === value) === equal);
};

const fieldAt = (object: unknown, path: string[]): unknown =>
  path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], object);

export const matchesLabels = (labels: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean =>
  Object.entries(wanted).every(([key, value]) => labels[key] === value);
