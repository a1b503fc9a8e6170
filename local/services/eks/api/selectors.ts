// Label and field selectors, as query parameters write them.
import { badRequest } from './failures.ts';
import type { KubeObject } from './objects.ts';

export type Selector = (object: KubeObject) => boolean;

export const everything: Selector = () => true;

/** `app=order,tier!=cache`. */
export const labelSelector = (text: string | null): Selector => {
  if (!text) return everything;
  const requirements = text.split(',').map((part) => {
    const [, key = '', operator = '', value = ''] = /^\s*([\w./-]+?)\s*(==?|!=)\s*([\w.-]*)\s*$/.exec(part) ?? [];
    if (!operator) throw badRequest(`unable to parse requirement: ${part} (the local cluster offers =, == and !=)`);
    return { key, equal: operator !== '!=', value };
  });
  return ({ metadata: { labels = {} } }) =>
    requirements.every(({ key, equal, value }) => (labels[key] === value) === equal);
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
