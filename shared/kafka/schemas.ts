// What an archive holds of a schema registry.
import { z } from 'zod';
import { mapAtOnce } from '../at-once.ts';
import { now } from '../clock.ts';
import { type Registry, RegistryConfig, Schema } from './registry.ts';
import { RestoreId } from './restore.ts';

export const ArchivedSchema = Schema.extend({ deleted: z.boolean() });
export type ArchivedSchema = z.output<typeof ArchivedSchema>;

export const ArchivedSubject = z.strictObject({
  subject: z.string(),
  /** Its own, where it has one. */
  config: RegistryConfig.nullable(),
  mode: z.string().nullable(),
  /** With those that are softly deleted: records that were written with them are still read. */
  versions: z.array(ArchivedSchema),
});
export type ArchivedSubject = z.output<typeof ArchivedSubject>;

export const RegistryArchive = z.strictObject({
  schemaVersion: z.literal(1),
  takenAt: z.iso.datetime(),
  contexts: z.array(z.string()),
  config: RegistryConfig,
  mode: z.string(),
  subjects: z.array(ArchivedSubject),
});
export type RegistryArchive = z.output<typeof RegistryArchive>;

/** Everything that it has now. */
export const readRegistry = async (registry: Registry): Promise<RegistryArchive> => {
  const takenAt = now().toISOString();
  const subjects: ArchivedSubject[] = [];
  for (const subject of await registry.subjects()) subjects.push(await readSubject(registry, subject));
  return {
    ...{ schemaVersion: 1, takenAt, contexts: await registry.contexts() },
    config: (await registry.config()) ?? { compatibilityLevel: 'BACKWARD' },
    mode: (await registry.mode()) ?? 'READWRITE',
    // One without versions was deleted for good meanwhile.
    subjects: subjects.filter(({ versions }) => versions.length > 0),
  };
};

const readSubject = async (registry: Registry, subject: string): Promise<ArchivedSubject> => {
  const all = (await registry.versions(subject, true)).toSorted((a, b) => a - b);
  const live = await registry.versions(subject, false);
  const read = await mapAtOnce(all, (version) => registry.schema(subject, version));
  const versions = read.flatMap((schema) => (schema ? [{ ...schema, deleted: !live.includes(schema.version) }] : []));
  return { subject, config: await registry.config(subject), mode: await registry.mode(subject), versions };
};

/** One version to register, after all that it refers to. */
export interface Registration {
  subject: string;
  schema: ArchivedSchema;
}

/** Referred ones first; within a subject by version. A reference to what the archive does not have is left to the registry. */
export const inOrder = (subjects: readonly ArchivedSubject[]): Registration[] => {
  const all = new Map(
    subjects.flatMap(({ subject, versions }) =>
      versions.map((schema) => [`${schema.version} ${subject}`, { subject, schema }] as const),
    ),
  );
  const ordered = new Set<Registration>();
  const visiting = new Set<Registration>();
  const visit = (each: Registration | undefined): void => {
    if (!each || ordered.has(each) || visiting.has(each)) return;
    visiting.add(each);
    for (const { subject, version } of each.schema.references)
      visit(all.get(`${version} ${inContextOf(each.subject, subject)}`));
    ordered.add(each);
  };
  for (const each of all.values()) visit(each);
  return [...ordered];
};

/** `:.context:`, or nothing for the default one. */
export const contextOf = (subject: string): string => /^:\.[^:]*:/.exec(subject)?.[0] ?? '';
/** A reference without a context means that of the schema that has it. */
const inContextOf = (from: string, subject: string): string =>
  subject.startsWith(':') ? subject : `${contextOf(from)}${subject}`;

/** A restore into a registry: decided before anything is changed. */
export const RegistryRestore = z.strictObject({
  restoreId: RestoreId,
  recoveryPoint: z.string(),
  /** The archive whose schemas these are: the recovery point, or one before it where that has none. */
  archivedBy: z.string(),
  into: z.string(),
  plannedAt: z.iso.datetime(),
  /** Then everybody's compatibility and mode are those of the archive, too. */
  wasEmpty: z.boolean(),
  /** When everything was read back and found to be the archive's. */
  verifiedAt: z.iso.datetime().nullable(),
});
export type RegistryRestore = z.output<typeof RegistryRestore>;
export const registryRestoreKey = (restoreId: string): string => `kafka/restores/${restoreId}/registry.json`;
