// The documents clients discover the API with. The OpenAPI documents say no more than that patches take `fieldValidation`,
// which is what kubectl looks for before it leaves the validation to the server.
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

/** As EKS names its versions. */
export const KUBERNETES_VERSION = '1.33';

const groupVersions = (): string[] => [...new Set(RESOURCES.map(apiVersionOf))];

/** The document of a discovery path, or undefined where the path is none. */
export const discoveryDocument = (path: string): object | undefined => {
  const parts = path.split('/').filter(Boolean);
  if (path === '/version') return VERSION;
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() };
  if (path === '/openapi/v3') return openApiIndex();
  if (parts[0] === 'openapi' && parts[1] === 'v3') return openApi(parts.slice(3).join('/'));
  if (parts[0] === 'apis' && parts.length === 2)
    return groups().find(({ name }) => name === parts[1]) as object | undefined;
  const isGroupVersion = parts[0] === 'api' ? parts.length === 2 : parts[0] === 'apis' && parts.length === 3;
  return isGroupVersion ? resourceList(parts.slice(1).join('/')) : undefined;
};

const VERSION = {
  major: KUBERNETES_VERSION.split('.')[0],
  minor: KUBERNETES_VERSION.split('.')[1],
  gitVersion: `v${KUBERNETES_VERSION}.0-local`,
  platform: `${process.platform}/${process.arch}`,
};

const groups = () =>
  groupVersions()
    .filter((groupVersion) => groupVersion.includes('/'))
    .map((groupVersion) => {
      const [name, version] = groupVersion.split('/');
      const only = { groupVersion, version };
      return { kind: 'APIGroup', apiVersion: 'v1', name, versions: [only], preferredVersion: only };
    });

const ofVersion = (groupVersion: string): Resource[] =>
  RESOURCES.filter((resource) => apiVersionOf(resource) === groupVersion);

const resourceList = (groupVersion: string): object | undefined => {
  const offered = ofVersion(groupVersion);
  if (offered.length === 0) return undefined;
  const resources = offered.flatMap((resource) => {
    const { plural, singular, kind, namespaced, shortNames, verbs, subresources } = resource;
    const main = { name: plural, singularName: singular, namespaced, kind, verbs, shortNames };
    const inner = subresources.map((subresource) => ({
      name: `${plural}/${subresource}`,
      singularName: '',
      namespaced,
      ...(subresource === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : { kind }),
      verbs: subresource === 'log' ? ['get'] : ['get', 'patch', 'update'],
    }));
    return [main, ...inner];
  });
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
};

const pathOf = (groupVersion: string): string =>
  groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;

const openApiIndex = (): object => ({
  paths: Object.fromEntries(
    groupVersions().map((groupVersion) => {
      const path = pathOf(groupVersion);
      return [path, { serverRelativeURL: `/openapi/v3/${path}` }];
    }),
  ),
});

const openApi = (groupVersion: string): object | undefined => {
  const offered = ofVersion(groupVersion);
  if (offered.length === 0) return undefined;
  const paths = offered.map(({ namespaced, plural, group, version, kind }) => {
    const place = namespaced ? `namespaces/{namespace}/${plural}` : plural;
    const patch = {
      'x-kubernetes-action': 'patch',
      'x-kubernetes-group-version-kind': { group, version, kind },
      parameters: [{ name: 'fieldValidation', in: 'query', schema: { type: 'string' } }],
      responses: { 200: { description: 'OK' } },
    };
    return [`/${pathOf(groupVersion)}/${place}/{name}`, { patch }];
  });
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: VERSION.gitVersion },
    paths: Object.fromEntries(paths),
  };
};
