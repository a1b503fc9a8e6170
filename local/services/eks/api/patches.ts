// Two kinds of patches: strategic merge (Kubernetes' own, lists merged by key) and merge (RFC 7386).
import { ApiFailure, badRequest } from './failures.ts';

type Json = null | string | number | boolean | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object after the patch; neither is changed. @throws {ApiFailure} */
export const patched = (object: object, patch: unknown, contentType: string): object => {
  switch (contentType.split(';')[0]) {
    case 'application/strategic-merge-patch+json':
      return strategicMerge(object as Fields, fieldsOf(patch));
    case 'application/merge-patch+json':
      return mergePatch(object as Fields, fieldsOf(patch));
    default:
      throw new ApiFailure(
        415,
        'UnsupportedMediaType',
        `the body of the request was in an unknown format - accepted media types include: application/merge-patch+json, application/strategic-merge-patch+json; found ${contentType} (JSON patches and server-side apply are not offered here)`,
      );
  }
};

const fieldsOf = (patch: unknown): Fields => {
  if (isFields(patch)) return patch;
  throw badRequest('a merge patch is an object');
};

const mergePatch = (object: Fields, patch: Fields): Fields => {
  const merged: Fields = { ...object };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isFields(value)) merged[key] = mergePatch(isFields(merged[key]) ? merged[key] : {}, value);
    else merged[key] = value;
  }
  return merged;
};

/** What tells the elements of a list apart, by field, as the types in k8s.io/api mark it (`patchMergeKey`). Other lists are replaced. */
const MERGE_KEYS: Record<string, string[]> = {
  containers: ['name'],
  env: ['name'],
  ports: ['containerPort', 'port'],
  conditions: ['type'],
  ownerReferences: ['uid'],
  imagePullSecrets: ['name'],
};

const mergeKeyOf = (field: string, items: Json[]): string | undefined =>
  MERGE_KEYS[field]?.find((key) => items.every((item) => isFields(item) && (key in item || '$patch' in item)));

const strategicMerge = (object: Fields, patch: Fields): Fields => {
  if (patch.$patch === 'replace') {
    const { $patch: _, ...replacement } = patch;
    return replacement;
  }
  const retained = patch.$retainKeys;
  const merged: Fields = Array.isArray(retained)
    ? Object.fromEntries(Object.entries(object).filter(([key]) => retained.includes(key)))
    : { ...object };
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const field = key.slice(key.indexOf('/') + 1);
      const list = merged[field];
      if (Array.isArray(list) && Array.isArray(value)) merged[field] = list.filter((item) => !value.includes(item));
    } else if (key.startsWith('$')) {
      // $setElementOrder says in which order a list was meant: no list here depends on it.
    } else if (value === null || (isFields(value) && value.$patch === 'delete')) delete merged[key];
    else if (isFields(value)) merged[key] = strategicMerge(isFields(merged[key]) ? merged[key] : {}, value);
    else merged[key] = Array.isArray(value) ? mergeLists(key, merged[key], value) : value;
  }
  return merged;
};

const mergeLists = (field: string, standing: Json | undefined, patch: Json[]): Json[] => {
  const list = Array.isArray(standing) ? standing : [];
  if (patch.some((item) => isFields(item) && item.$patch === 'replace'))
    return patch.filter((item) => !(isFields(item) && item.$patch === 'replace'));
  const key = mergeKeyOf(field, [...list, ...patch]);
  if (!key) return patch;
  const merged = [...list];
  for (const item of patch as Fields[]) {
    const index = merged.findIndex((other) => (other as Fields)[key] === item[key]);
    if (item.$patch === 'delete') {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = strategicMerge(merged[index] as Fields, item);
    else merged.push(item);
  }
  return merged;
};
