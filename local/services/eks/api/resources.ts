// The resources this API server offers, by group and version. What is not in this table is answered with 404.
export interface Resource {
  /** Empty for the core group. */
  group: string;
  version: string;
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  shortNames: string[];
  verbs: readonly string[];
  subresources: readonly ('status' | 'scale' | 'log')[];
}

const VERBS = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'];

const resource = (
  groupVersion: string,
  kind: string,
  plural: string,
  options: Partial<Pick<Resource, 'namespaced' | 'shortNames' | 'subresources'>> = {},
): Resource => {
  const [version = '', group = ''] = groupVersion.split('/').reverse();
  return {
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced: true,
    shortNames: [],
    verbs: VERBS,
    subresources: [],
    ...options,
  };
};

export const NAMESPACES = resource('v1', 'Namespace', 'namespaces', { namespaced: false, shortNames: ['ns'] });
export const CONFIG_MAPS = resource('v1', 'ConfigMap', 'configmaps', { shortNames: ['cm'] });
export const SECRETS = resource('v1', 'Secret', 'secrets');
export const SERVICES = resource('v1', 'Service', 'services', { shortNames: ['svc'], subresources: ['status'] });
export const PODS = resource('v1', 'Pod', 'pods', { shortNames: ['po'], subresources: ['status', 'log'] });
export const EVENTS = resource('v1', 'Event', 'events', { shortNames: ['ev'] });
export const DEPLOYMENTS = resource('apps/v1', 'Deployment', 'deployments', {
  shortNames: ['deploy'],
  subresources: ['status', 'scale'],
});
export const ENDPOINT_SLICES = resource('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices');
const RBAC = 'rbac.authorization.k8s.io/v1';
export const ROLES = resource(RBAC, 'Role', 'roles');
export const ROLE_BINDINGS = resource(RBAC, 'RoleBinding', 'rolebindings');
export const CLUSTER_ROLES = resource(RBAC, 'ClusterRole', 'clusterroles', { namespaced: false });
export const CLUSTER_ROLE_BINDINGS = resource(RBAC, 'ClusterRoleBinding', 'clusterrolebindings', { namespaced: false });

export const RESOURCES: readonly Resource[] = [
  NAMESPACES,
  CONFIG_MAPS,
  SECRETS,
  SERVICES,
  PODS,
  EVENTS,
  DEPLOYMENTS,
  ENDPOINT_SLICES,
  ROLES,
  ROLE_BINDINGS,
  CLUSTER_ROLES,
  CLUSTER_ROLE_BINDINGS,
];

export const apiVersionOf = ({ group, version }: Resource): string => (group ? `${group}/${version}` : version);

/** `deployments.apps`, as errors name it. */
export const qualified = ({ group, plural }: Resource): string => (group ? `${plural}.${group}` : plural);
