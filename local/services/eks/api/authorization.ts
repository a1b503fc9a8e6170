// Who may do what: nothing that no role allows, bound to the user or a group; whoever made the cluster may do everything.
import type { User } from './authentication.ts';
import { ApiFailure } from './failures.ts';
import type { PolicyRule, RbacBinding, RbacRole } from './objects.ts';
import type { RequestInfo } from './requests.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS, ROLES } from './resources.ts';
import type { Store } from './store.ts';

type Attributes = Pick<RequestInfo, 'verb' | 'namespace' | 'name' | 'subresource'> & {
  group: string;
  plural: string;
};

export const attributesOf = ({ resource, ...info }: RequestInfo): Attributes => ({
  ...info,
  group: resource.group,
  plural: resource.plural,
});

const isAllowed = (store: Store, user: User, asked: Attributes): boolean =>
  user.isAdmin || rulesFor(store, user, asked.namespace).some((rule) => covers(rule, asked));

/** @throws {ApiFailure} Forbidden, worded as Kubernetes words it. */
export const authorize = (store: Store, user: User, asked: Attributes): void => {
  if (isAllowed(store, user, asked)) return;
  const { verb, plural, group, namespace, name, subresource } = asked;
  const what = subresource ? `${plural}/${subresource}` : plural;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  const qualified = group ? `${plural}.${group}` : plural;
  throw new ApiFailure(
    403,
    'Forbidden',
    `${qualified}${name ? ` "${name}"` : ''} is forbidden: User "${user.name}" cannot ${verb} resource "${what}" in API group "${group}" ${where}`,
    { ...(name && { name }), group, kind: plural },
  );
};

const rulesFor = (store: Store, user: User, namespace: string): PolicyRule[] => {
  const bound = (binding: RbacBinding): boolean =>
    (binding.subjects ?? []).some(({ kind, name }) =>
      kind === 'Group' ? user.groups.includes(name) : kind === 'User' && name === user.name,
    );
  const cluster = store.list<RbacBinding>(CLUSTER_ROLE_BINDINGS).filter(bound);
  const local = namespace ? store.list<RbacBinding>(ROLE_BINDINGS, namespace).filter(bound) : [];
  const roles = [...cluster, ...local].map(({ roleRef }) =>
    roleRef.kind === 'ClusterRole'
      ? store.get<RbacRole>(CLUSTER_ROLES, '', roleRef.name)
      : store.get<RbacRole>(ROLES, namespace, roleRef.name),
  );
  return roles.flatMap((role) => role?.rules ?? []);
};

const covers = ({ apiGroups, resources, verbs, resourceNames }: PolicyRule, asked: Attributes): boolean => {
  const { subresource, plural } = asked;
  const resource = subresource ? `${plural}/${subresource}` : plural;
  const has = (list: string[], value: string): boolean => list.includes('*') || list.includes(value);
  return (
    has(apiGroups, asked.group) &&
    has(resources, resource) &&
    has(verbs, asked.verb) &&
    (!resourceNames?.length || (asked.name !== undefined && resourceNames.includes(asked.name)))
  );
};
