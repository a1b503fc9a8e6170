// Schemas of an archive, brought into a registry with the ids and versions that records name. How far a restore is, the registry itself
// says: what is there as the archive has it is not registered again, so a call that was killed, or whose answer was lost, is repeated.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { readArtifact, uriHere } from '../../shared/artifacts/artifacts.ts';
import { parsePointId } from '../../shared/catalog/ids.ts';
import { now } from '../../shared/clock.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { chain } from '../../shared/kafka/reading.ts';
import { openRegistry, type Registry, type RegistryConfig } from '../../shared/kafka/registry.ts';
import { RestoreId } from '../../shared/kafka/restore.ts';
import {
  type ArchivedSubject,
  inOrder,
  RegistryArchive,
  RegistryRestore,
  readRegistry,
  registryRestoreKey,
} from '../../shared/kafka/schemas.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { RestoreDisturbed, RestoreRefused } from './errors.ts';
import { clashes } from './registry-clashes.ts';

export const RegistryRequest = z.strictObject({
  restoreId: RestoreId,
  recoveryPoint: z.string(),
  /** Another source, whose registry is written to; the archived one where left out. */
  into: z.string().optional(),
});
type RegistryRequest = z.output<typeof RegistryRequest>;

const RESERVED_MS = 60_000;

/** @throws {RestoreRefused} {RestoreDisturbed} {RestUnreachable} {RestAccessDenied} {RestRefused} */
export const restoreRegistry = async (
  request: RegistryRequest,
  work: Pick<Work, 'remainingMs'>,
): Promise<{ done: boolean; subjects: number; versions: number }> => {
  const { restoreId, recoveryPoint } = request;
  const into = request.into ?? parsePointId(recoveryPoint).source;
  const configured = kafkaSourceNamed(into).registry;
  if (!configured) throw refused(request, `a registry of ${into} in the configuration`, 'none');
  const registry = await openRegistry(into, configured);
  const { archivedBy, archive } = await archivedSchemas(request);
  const plan = await planOf(request, { into, archivedBy }, archive, registry);
  const order = inOrder(archive.subjects);
  const counts = { subjects: archive.subjects.length, versions: order.length };
  if (plan.verifiedAt) return { done: true, ...counts };
  const isLate = (): boolean => work.remainingMs() < RESERVED_MS;

  const there = new Map((await readRegistry(registry)).subjects.map((each) => [each.subject, each]));
  const isThere = (subject: string, version: number): boolean =>
    there.get(subject)?.versions.some((each) => each.version === version) ?? false;
  for (const { subject, schema } of order) {
    if (isThere(subject, schema.version)) continue;
    if (isLate()) return { done: false, ...counts };
    await beginImport(registry, subject);
    const { deleted: _, ...registered } = schema;
    await registry.register(subject, registered);
  }
  // Those that refer before those they refer to: a schema that is referred to cannot be deleted.
  for (const { subject, schema } of order.toReversed()) {
    if (!schema.deleted || !isLiveNow(there.get(subject), schema.version)) continue;
    if (isLate()) return { done: false, ...counts };
    await registry.remove(subject, schema.version);
  }
  for (const each of archive.subjects) await settle(registry, each);
  if (plan.wasEmpty) await settleAll(registry, archive);
  compare(request, archive, await readRegistry(registry), plan.wasEmpty);
  await changeDocument(registryRestoreKey(restoreId), RegistryRestore, (standing) =>
    standing.verifiedAt ? standing : { ...standing, verifiedAt: now().toISOString() },
  );
  logger.info('schemas restored', { source: into, restore: restoreId, ...counts });
  return { done: true, ...counts };
};

/** Not where it was deleted before: one that was registered just now is live. */
const isLiveNow = (before: ArchivedSubject | undefined, version: number): boolean =>
  !before?.versions.some((each) => each.version === version && each.deleted);

/** The mode is taken only by a subject without schemas, or that has it. */
const beginImport = async (registry: Registry, subject: string): Promise<void> => {
  if ((await registry.mode(subject)) !== 'IMPORT') await registry.setMode('IMPORT', subject);
};

const archivedSchemas = async (request: RegistryRequest): Promise<{ archivedBy: string; archive: RegistryArchive }> => {
  const { vaultBucket: bucket, region } = settings();
  for await (const { recoveryPoint: archivedBy, beside } of chain({ bucket, region }, request.recoveryPoint))
    if (beside.registry && 'artifact' in beside.registry) {
      const { artifact } = beside.registry;
      const content = await readArtifact({ ...artifact, uri: uriHere(artifact.uri) });
      return { archivedBy, archive: RegistryArchive.parse(JSON.parse(content.toString('utf8'))) };
    }
  throw refused(request, 'schemas in this archive, or in one before it', 'none');
};

/** The first plan that is written is everybody's; what stands in the way is looked for by every call. */
const planOf = async (
  request: RegistryRequest,
  { into, archivedBy }: { into: string; archivedBy: string },
  archive: RegistryArchive,
  registry: Registry,
): Promise<RegistryRestore> => {
  const { restoreId, recoveryPoint } = request;
  const key = registryRestoreKey(restoreId);
  const standing = await findDocument(key, RegistryRestore);
  if (standing && (standing.recoveryPoint !== recoveryPoint || standing.into !== into))
    throw refused(
      request,
      `${standing.recoveryPoint} into ${standing.into} under this id`,
      `${recoveryPoint} into ${into}`,
    );
  if (standing?.verifiedAt) return standing;
  const found = await readRegistry(registry);
  const different = clashes(archive, found);
  if (different.length > 0)
    throw refused(
      request,
      'a registry without these subjects and ids, or with the schemas of the archive',
      different.slice(0, 20),
    );
  const plan = { restoreId, recoveryPoint, archivedBy, into, plannedAt: now().toISOString(), verifiedAt: null };
  const wasEmpty = found.subjects.length === 0;
  return (await openDocument(key, RegistryRestore, { ...plan, wasEmpty })).value;
};

const settle = async (registry: Registry, { subject, config, mode }: ArchivedSubject): Promise<void> => {
  if (config && !isDeepStrictEqual(await registry.config(subject), config)) await registry.setConfig(config, subject);
  const found = await registry.mode(subject);
  if (found === mode) return;
  if (mode === null) await registry.forgetMode(subject);
  else await registry.setMode(mode, subject);
};

const settleAll = async (registry: Registry, { config, mode }: RegistryArchive): Promise<void> => {
  if (!isDeepStrictEqual(await registry.config(), config)) await registry.setConfig(config as RegistryConfig);
  if ((await registry.mode()) !== mode) await registry.setMode(mode);
};

/** @throws {RestoreDisturbed} naming the subjects that are not the archive's */
const compare = (request: RegistryRequest, archive: RegistryArchive, found: RegistryArchive, all: boolean): void => {
  const there = new Map(found.subjects.map((each) => [each.subject, each]));
  const different = archive.subjects
    .filter((each) => !isDeepStrictEqual(plain(there.get(each.subject)), plain(each)))
    .map(({ subject }) => subject);
  if (all && !isDeepStrictEqual(plain([found.config, found.mode]), plain([archive.config, archive.mode])))
    different.push('compatibility or mode of all');
  if (different.length === 0) return;
  throw new RestoreDisturbed('the registry does not hold what was restored.', {
    ...{ source: `restore ${request.restoreId}`, recoveryPoint: request.recoveryPoint },
    ...{ expected: 'every subject as it was archived', found: `others: ${different.slice(0, 20).join(', ')}` },
    next: 'Let nobody else write to the registry meanwhile; then call it again.',
  });
};

/** As JSON has it: without what is undefined, and without prototypes. */
const plain = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const refused = ({ restoreId, recoveryPoint }: RegistryRequest, expected: string, found: unknown): RestoreRefused =>
  new RestoreRefused('the schemas were not restored.', {
    ...{ source: `restore ${restoreId}`, recoveryPoint, expected, found },
    next: 'Nothing was changed by this call. Correct the request, or restore into an empty registry.',
  });
