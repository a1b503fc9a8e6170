// What a request asks for, from its path: as the API server's own "request info", which authorization is decided on.
import { RESOURCES, type Resource } from './resources.ts';

export interface RequestInfo {
  resource: Resource;
  verb: string;
  /** Empty where the request is for all namespaces, or the resource is in none. */
  namespace: string;
  name: string | undefined;
  subresource: string | undefined;
}

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

/** `/api/v1/namespaces/shop/configmaps/endpoints`; undefined for a path that is no resource here. */
export const requestInfo = (method: string, path: string, query: URLSearchParams): RequestInfo | undefined => {
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  const [group, version, rest] =
    parts[0] === 'api' ? ['', parts[1], parts.slice(2)] : [parts[1], parts[2], parts.slice(3)];
  if (parts[0] !== 'api' && parts[0] !== 'apis') return undefined;
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2 && rest[2] !== 'status';
  const namespace = inNamespace ? (rest[1] as string) : '';
  const [plural, name, subresource] = inNamespace ? rest.slice(2) : rest;
  const resource = RESOURCES.find((one) => one.group === group && one.version === version && one.plural === plural);
  if (!resource || (inNamespace && !resource.namespaced)) return undefined;
  if (subresource && !resource.subresources.some((offered) => offered === subresource)) return undefined;
  const verb = verbOf(method, name, query);
  if (!verb || !resource.verbs.includes(verb)) return undefined;
  if (resource.namespaced && !namespace && (name !== undefined || verb === 'create')) return undefined;
  return { resource, verb, namespace, name, subresource };
};

const verbOf = (method: string, name: string | undefined, query: URLSearchParams): string | undefined => {
  if (method === 'GET' && name === undefined) return query.get('watch') === 'true' ? 'watch' : 'list';
  if (method === 'GET') return 'get';
  if (method === 'DELETE' && name === undefined) return undefined;
  return VERBS[method];
};
