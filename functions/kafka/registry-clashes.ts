// What a registry has that an archive has otherwise: then nothing is restored into it.
import { isDeepStrictEqual } from 'node:util';
import type { Schema } from '../../shared/kafka/registry.ts';
import { contextOf, type RegistryArchive } from '../../shared/kafka/schemas.ts';

const contentOf = ({ schemaType, schema, references, metadata, ruleSet }: Schema): unknown =>
  JSON.parse(JSON.stringify({ schemaType, schema, references, metadata, ruleSet }));

/** In words, for people. A part of the archive that is there already is no clash: it is what an earlier call restored. */
export const clashes = (archive: RegistryArchive, found: RegistryArchive): string[] => {
  const archived = new Map(archive.subjects.map((each) => [each.subject, each]));
  const ids = new Map(
    archive.subjects.flatMap(({ subject, versions }) =>
      versions.map((schema) => [`${schema.id} ${contextOf(subject)}`, contentOf(schema)] as const),
    ),
  );
  return found.subjects.flatMap(({ subject, versions }) =>
    versions.flatMap((schema) => {
      const { version, id, deleted } = schema;
      const place = `${subject}, version ${version}, id ${id}`;
      const content = ids.get(`${id} ${contextOf(subject)}`);
      if (content && !isDeepStrictEqual(content, contentOf(schema))) return [`${place}: another schema has this id`];
      const own = archived.get(subject);
      if (!own) return [];
      const same = own.versions.find((each) => each.version === version);
      if (!same) return [`${place}: not in the archive`];
      if (same.id !== id || !isDeepStrictEqual(contentOf(same), contentOf(schema))) return [`${place}: another schema`];
      return deleted && !same.deleted ? [`${place}: deleted`] : [];
    }),
  );
};
