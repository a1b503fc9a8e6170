// Which operation a REST request means: by method, path, query literals, and the members it cannot do without.
import type { Service } from '../types.ts';
import { type OperationSchema, schemaOf } from './operations.ts';

export interface Route {
  operation: OperationSchema;
  labels: Record<string, string>;
}

export interface RestRequest {
  method: string;
  /** Still encoded, without the bucket where the service is S3. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  /** Members that are known already: the bucket. */
  given: { Bucket?: string };
}

export const route = (service: Service, request: RestRequest): Route | undefined => {
  let best: (Route & { score: number }) | undefined;
  for (const operation of schemaOf(service).operations.values()) {
    if (!operation.http || operation.http.method !== request.method) continue;
    const labels = matchPath(operation.http.segments, request.path);
    if (!labels || !isComplete(operation, request, labels)) continue;
    const score = scoreOf(service, operation, request);
    if (score !== undefined && score > (best?.score ?? -1)) best = { operation, labels, score };
  }
  return best;
};

/** Labels of a path, or undefined where it does not fit. `{Key+}` takes the rest, slashes and all. */
const matchPath = (pattern: string[], path: string): Record<string, string> | undefined => {
  const labels: Record<string, string> = {};
  const parts = path.replace(/^\//, '').split('/');
  if (pattern.length === 0) return path === '' || path === '/' ? labels : undefined;
  for (const [index, segment] of pattern.entries()) {
    const label = /^\{(\w+)(\+)?\}$/.exec(segment);
    if (label?.[2]) {
      const rest = parts.slice(index).map(decodeURIComponent).join('/');
      return rest === '' ? undefined : { ...labels, [label[1] as string]: rest };
    }
    const part = parts[index];
    if (part === undefined || part === '') return undefined;
    if (label) labels[label[1] as string] = decodeURIComponent(part);
    else if (segment !== part) return undefined;
  }
  const rest = parts.slice(pattern.length);
  return rest.length === 0 || (rest.length === 1 && rest[0] === '') ? labels : undefined;
};

const isComplete = (
  operation: OperationSchema,
  { given, query, headers }: RestRequest,
  labels: Record<string, string>,
): boolean => {
  const wantsBucket = memberNames(operation).includes('Bucket');
  if ('Bucket' in given !== wantsBucket) return false;
  return operation.required.every((name) => {
    if (name in given || name in labels) return true;
    const { httpQuery, httpHeader } = operation.input.getMemberSchema(name).getMergedTraits() as {
      httpQuery?: string;
      httpHeader?: string;
    };
    if (httpQuery) return query.has(httpQuery);
    return httpHeader ? headers[httpHeader.toLowerCase()] !== undefined : true;
  });
};

const memberNames = (operation: OperationSchema): string[] => {
  const struct = operation.input.getSchema() as unknown[];
  return Array.isArray(struct) ? ((struct[4] as string[]) ?? []) : [];
};

/** Literals count most, then required members in query and headers; of equals, one that is offered. */
const scoreOf = (service: Service, operation: OperationSchema, { query }: RestRequest): number | undefined => {
  const literals = operation.http?.query ?? [];
  if (
    !literals.every(
      ([key, value]) => query.has(key) && (value === undefined || value === '' || query.get(key) === value),
    )
  )
    return undefined;
  const needed = operation.required.filter((name) => {
    const { httpQuery, httpHeader } = operation.input.getMemberSchema(name).getMergedTraits() as {
      httpQuery?: string;
      httpHeader?: string;
    };
    return httpQuery ?? httpHeader;
  }).length;
  const exact = (operation.http?.segments ?? []).filter((segment) => !segment.startsWith('{')).length;
  return literals.length * 100 + needed * 10 + exact * 2 + (operation.name in service.operations ? 1 : 0);
};
