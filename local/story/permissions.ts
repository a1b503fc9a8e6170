// What the deployed roles may do, against what the day's calls needed: a permission that nothing used has to be
// justified, and a justification has to be of a permission that is still granted.
import { matchesPattern } from '../iam/pattern.ts';
import type { LocalPlatform } from '../platform.ts';
import type { Progress } from './progress.ts';

export interface DeployedPermission {
  deployment: 'primary' | 'recovery';
  /** Key of the function or machine, or the name of another role: `rdsMeasure`, `scheduler`. */
  owner: string;
  action: string;
  /** With `here` for the deployment's own region and `there` for the other one. */
  resource: string;
  used: boolean;
}

/** Every owner with every action; each of these pairs has to be granted somewhere. `*` stands for anything. */
export interface Justification {
  owners: readonly string[];
  actions: readonly string[];
  /** Left out: any resource. */
  resource?: string;
  /** Holds only for what another of the owners did use: whoever comes first does the work of all. */
  whereOneUsesIt?: true;
  because: string;
}

export type UnusedPermission = Omit<DeployedPermission, 'used'> & { because: string | undefined };

/**
 * The permissions of both deployments, owners by the names their roles have in the template. Roles that are the shop's own are
 * not ours to account for.
 */
export const permissionsOf = ({ world, stacks, primary, recovery }: LocalPlatform): DeployedPermission[] => {
  const roles = new Map<string, Pick<DeployedPermission, 'deployment' | 'owner'>>();
  for (const deployment of ['primary', 'recovery'] as const)
    for (const [logicalId, { type, arn }] of stacks[deployment].resources)
      if (type === 'AWS::IAM::Role' && arn) roles.set(arn, { deployment, owner: ownerOf(logicalId) });
  return world.iam.permissions().flatMap(({ role, action, resource, used }) => {
    const whose = roles.get(role);
    if (!whose) return [];
    const [here, there] = whose.deployment === 'primary' ? [primary, recovery] : [recovery, primary];
    const place = resource.replaceAll(here.name, 'here').replaceAll(there.name, 'there');
    // The end of a role's name is made of its region.
    return { ...whose, action, resource: place.replace(/(:role\/.*)-[0-9A-F]{12}$/, '$1'), used };
  });
};

/** `RdsMeasureRole` → `rdsMeasure`. */
const ownerOf = (logicalId: string): string =>
  `${logicalId.charAt(0).toLowerCase()}${logicalId.slice(1)}`.replace(/Role$/, '');

const pairs = ({ owners, actions }: Justification): [owner: string, action: string][] =>
  owners.flatMap((owner) => actions.map((action): [string, string] => [owner, action]));

const concerns = (
  { resource = '*' }: Justification,
  [owner, action]: [string, string],
  permission: DeployedPermission,
): boolean =>
  matchesPattern(owner, permission.owner) &&
  matchesPattern(action, permission.action) &&
  matchesPattern(resource, permission.resource);

const isSame = (one: DeployedPermission, other: DeployedPermission): boolean =>
  one.action === other.action && one.resource === other.resource;

/** Judges every unused permission by its reason, and every reason by whether what it is for is still granted. */
export const judgePermissions = (
  permissions: readonly DeployedPermission[],
  justifications: readonly Justification[],
  progress: Progress,
): UnusedPermission[] => {
  const justifies = (justification: Justification, permission: DeployedPermission): boolean =>
    pairs(justification).some((pair) => concerns(justification, pair, permission)) &&
    (!justification.whereOneUsesIt ||
      permissions.some(
        (other) =>
          other.used &&
          other.deployment === permission.deployment &&
          isSame(other, permission) &&
          justification.owners.some((owner) => matchesPattern(owner, other.owner)),
      ));
  const excuse = (permission: DeployedPermission): string | undefined =>
    justifications.find((justification) => justifies(justification, permission))?.because;
  /** Both regions' roles are made from the same lines, and the schedules of one of them sleep. */
  const excuseOfTwin = (permission: DeployedPermission): string | undefined => {
    const twin = permissions.find(
      (other) =>
        other.deployment !== permission.deployment && other.owner === permission.owner && isSame(other, permission),
    );
    if (!twin) return undefined;
    return twin.used ? `used in the ${twin.deployment} region` : excuse(twin);
  };

  const unused = permissions
    .filter(({ used }) => !used)
    .map(({ used: _, ...permission }) => {
      const whole = { ...permission, used: false };
      return { ...permission, because: excuse(whole) ?? excuseOfTwin(whole) };
    });
  const unexplained = unused.filter(({ because }) => !because);
  const outdated = justifications.flatMap((justification) =>
    pairs(justification).filter((pair) => !permissions.some((permission) => concerns(justification, pair, permission))),
  );
  progress.claim(
    `every permission that no call needed today (${unused.length} of ${permissions.length}) has a reason to stay`,
    unexplained.length === 0,
    unexplained
      .map(({ deployment, owner, action, resource }) => `${deployment} ${owner} ${action} on ${resource}`)
      .join('; '),
  );
  progress.claim(
    'every such reason is of a permission that is granted',
    outdated.length === 0,
    outdated.map((pair) => pair.join(' ')).join('; '),
  );
  return unused;
};
