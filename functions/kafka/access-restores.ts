// Who may use restored topics, and how much clients may take: planned, looked at by people, set and read back.
import { z } from 'zod';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { Acl, type ArchivedAccess, LITERAL, PREFIXED, Quota, TOPIC } from '../../shared/kafka/access.ts';
import { type Cluster, openCluster } from '../../shared/kafka/cluster.ts';
import { chain } from '../../shared/kafka/reading.ts';
import { RestoreId, RestorePlan, restoreAccessKey, restorePlanKey } from '../../shared/kafka/restore.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { RestoreDisturbed, RestoreRefused } from './errors.ts';

export const AccessRequest = z.strictObject({
  restoreId: RestoreId,
  /** `plan` says what would be set, once and for all; `apply` sets it. */
  step: z.enum(['plan', 'apply']).default('plan'),
  /** Quotas too, of all clients. Only a plan may choose. */
  quotas: z.boolean().default(false),
});
type AccessRequest = z.output<typeof AccessRequest>;

const RestoredAccess = z.strictObject({
  restoreId: RestoreId,
  state: z.enum(['planned', 'applied']),
  takenAt: z.iso.datetime(),
  /** Those that are not there yet. */
  acls: z.array(Acl),
  /** Those that differ, with what is there; null where there is none. */
  quotas: z.array(z.strictObject({ ...Quota.shape, before: Quota.shape.values.nullable() })),
});
type RestoredAccess = z.output<typeof RestoredAccess>;

/** @throws {RestoreRefused} {RestoreDisturbed} {KafkaAccessDenied} */
export const restoreAccess = async (request: AccessRequest): Promise<RestoredAccess> => {
  const { restoreId, step } = request;
  const plan = await findDocument(restorePlanKey(restoreId), RestorePlan);
  if (!plan) throw refused(restoreId, 'a restore of this id', 'none');
  await using cluster = await openCluster(plan.into, kafkaSourceNamed(plan.into));
  const key = restoreAccessKey(restoreId);
  if (step === 'plan') return (await openDocument(key, RestoredAccess, await decide(request, plan, cluster))).value;
  const planned = await findDocument(key, RestoredAccess);
  if (!planned) throw refused(restoreId, 'access that was planned', 'no plan: call it with "step": "plan" first');
  if (planned.acls.length > 0) await cluster.permit(planned.acls);
  if (planned.quotas.length > 0) await cluster.limit(planned.quotas);
  await readBack(planned, cluster);
  logger.info('access restored', { restore: restoreId, acls: planned.acls.length, quotas: planned.quotas.length });
  return changeDocument(
    key,
    RestoredAccess,
    (standing): RestoredAccess => ({
      ...standing,
      state: 'applied',
    }),
  );
};

const decide = async (request: AccessRequest, plan: RestorePlan, cluster: Cluster): Promise<RestoredAccess> => {
  const { restoreId } = request;
  const archived = await archivedAccess(plan);
  if (!archived.acls) throw refused(restoreId, 'ACLs in the archive', archived.missing.join('; '));
  if (request.quotas && !archived.quotas)
    throw refused(restoreId, 'quotas in the archive', archived.missing.join('; '));
  const here = new Set((await cluster.acls()).map(asText));
  const acls = [...new Map(aclsFor(archived.acls, plan).map((acl) => [asText(acl), acl])).values()];
  const standing = request.quotas ? await cluster.quotas() : [];
  const quotas = (request.quotas ? (archived.quotas ?? []) : []).flatMap((quota) => {
    const before = valuesOf(standing, quota) ?? null;
    return holds(before, quota) ? [] : [{ ...quota, before }];
  });
  return {
    ...{ restoreId, state: 'planned', takenAt: archived.takenAt, quotas },
    acls: acls.filter((acl) => !here.has(asText(acl))),
  };
};

/** As they were when the newest archive was taken. */
const archivedAccess = async ({ recoveryPoint, restoreId }: RestorePlan): Promise<ArchivedAccess> => {
  const { vaultBucket: bucket, region } = settings();
  for await (const { access } of chain({ bucket, region }, recoveryPoint)) if (access) return access;
  throw refused(restoreId, 'access in this archive, or in one before it', 'none');
};

/** Those of a topic alone go to its new name; those of many topics stay as they are, and are not narrowed. */
const aclsFor = (acls: readonly Acl[], { parts }: RestorePlan): Acl[] =>
  parts.flatMap(({ topic, as }) =>
    acls.flatMap((acl) => {
      if (acl.resourceType !== TOPIC) return [];
      if (acl.resourcePatternType === LITERAL && acl.resourceName === topic) return [{ ...acl, resourceName: as }];
      const isOfMany =
        (acl.resourcePatternType === LITERAL && acl.resourceName === '*') ||
        (acl.resourcePatternType === PREFIXED && topic.startsWith(acl.resourceName));
      return isOfMany ? [acl] : [];
    }),
  );

const readBack = async ({ restoreId, acls, quotas }: RestoredAccess, cluster: Cluster): Promise<void> => {
  const here = new Set((acls.length > 0 ? await cluster.acls() : []).map(asText));
  const standing = quotas.length > 0 ? await cluster.quotas() : [];
  const absent = acls.find((acl) => !here.has(asText(acl)));
  const differing = quotas.find((quota) => !holds(valuesOf(standing, quota) ?? null, quota));
  if (!absent && !differing) return;
  throw new RestoreDisturbed('access does not stand as it was set.', {
    ...{ source: `restore ${restoreId}`, expected: absent ?? { entity: differing?.entity, values: differing?.values } },
    found: absent ? 'no such ACL' : (valuesOf(standing, differing as Quota) ?? 'no such quota'),
    next: 'Brokers learn of it one after the other: set it again. If it stays so, find out who changes it meanwhile.',
  });
};

const asText = ({
  resourceType,
  resourceName,
  resourcePatternType,
  principal,
  host,
  operation,
  permissionType,
}: Acl): string =>
  JSON.stringify([resourceType, resourceName, resourcePatternType, principal, host, operation, permissionType]);

const valuesOf = (quotas: readonly Quota[], { entity }: Quota): Quota['values'] | undefined =>
  quotas.find((each) => JSON.stringify(each.entity) === JSON.stringify(entity))?.values;

const holds = (standing: Quota['values'] | null, { values }: Quota): boolean =>
  Object.entries(values).every(([key, value]) => standing?.[key] === value);

const refused = (restoreId: string, expected: string, found: string): RestoreRefused =>
  new RestoreRefused('access was not restored.', {
    ...{ source: `restore ${restoreId}`, expected, found },
    next: 'Nothing was set. Correct the request, or set it by hand.',
  });
