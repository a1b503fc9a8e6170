// What is asked of a schema registry. ("Schema Registry API Reference", Confluent Platform 7.x, and its source: RegisterSchemaRequest,
// ModeResource, Errors; read 2026-11.) A subject of another context is written `:.context:subject`, and is a subject like any other here.
import { z } from 'zod';
import type { Endpoint } from '../config/kafka.ts';
import { RestRefused } from './errors.ts';
import { openRest, type Request } from './rest.ts';

export const Reference = z.strictObject({ name: z.string(), subject: z.string(), version: z.int() });

/** One version of a subject, as it was registered. */
export const Schema = z.strictObject({
  version: z.int().positive(),
  id: z.int().nonnegative(),
  /** What is not named is Avro. */
  schemaType: z.string().default('AVRO'),
  schema: z.string(),
  references: z.array(Reference).default([]),
  metadata: z.record(z.string(), z.unknown()).optional(),
  ruleSet: z.record(z.string(), z.unknown()).optional(),
});
export type Schema = z.output<typeof Schema>;

/** `compatibilityLevel`, and what else a registry keeps beside it. */
export const RegistryConfig = z.looseObject({ compatibilityLevel: z.string() });
export type RegistryConfig = z.output<typeof RegistryConfig>;

export interface Registry {
  source: string;
  contexts(): Promise<string[]>;
  /** Of all contexts, with those that are softly deleted. */
  subjects(): Promise<string[]>;
  /** None of a subject that is not there. */
  versions(subject: string, deleted: boolean): Promise<number[]>;
  /** Also where it is softly deleted; undefined where it is not there. */
  schema(subject: string, version: number): Promise<Schema | undefined>;
  /** Of a subject, its own alone: null where it has none. Without a subject, everybody's. */
  config(subject?: string): Promise<RegistryConfig | null>;
  mode(subject?: string): Promise<string | null>;
  /** With its id and version: only in mode IMPORT. */
  register(subject: string, schema: Schema): Promise<void>;
  setConfig(config: RegistryConfig, subject?: string): Promise<void>;
  setMode(mode: string, subject?: string): Promise<void>;
  /** Back to everybody's. */
  forgetMode(subject: string): Promise<void>;
  /** Softly. Nothing happens where it is deleted. */
  remove(subject: string, version: number): Promise<void>;
}

const MISSING = 404;
const EVERYWHERE = 'subjectPrefix=:*:';

/** @param signal ends everything that is asked. @throws {KafkaAccessDenied} where there is no login */
export const openRegistry = async (name: string, endpoint: Endpoint, signal?: AbortSignal): Promise<Registry> => {
  const rest = await openRest('the schema registry', name, endpoint, signal);
  const find = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> => {
    const { status, body } = await rest.ask({ method: 'GET', path, expected: [MISSING] });
    if (status === MISSING) return undefined;
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw new RestRefused('an answer is not what a schema registry says.', {
      ...{ source: rest.source, expected: `an answer to GET ${path}`, found: z.prettifyError(parsed.error) },
      next: 'Look whether the address is that of a schema registry, and at its version.',
    });
  };
  const get = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> => {
    const found = await find(path, schema);
    if (found !== undefined) return found;
    throw new RestRefused('it is not a schema registry.', {
      ...{ source: rest.source, expected: `an answer to GET ${path}`, found: MISSING },
      next: 'Correct the address.',
    });
  };
  const send = async (request: Request): Promise<void> => void (await rest.ask(request));
  const at = (subject: string): string => `/subjects/${encodeURIComponent(subject)}/versions`;
  const of = (what: string, subject?: string): string =>
    subject === undefined ? `/${what}` : `/${what}/${encodeURIComponent(subject)}`;
  const Names = z.array(z.string());
  const Mode = z.object({ mode: z.string() });
  const Registered = z.object({ ...Schema.shape, references: z.array(z.object(Reference.shape)).nullish() });

  return {
    source: rest.source,
    contexts: async () => (await find('/contexts', Names)) ?? [],
    subjects: async () => (await get(`/subjects?${EVERYWHERE}&deleted=true`, Names)).toSorted(),
    versions: async (subject, deleted) => (await find(`${at(subject)}?deleted=${deleted}`, z.array(z.int()))) ?? [],
    async schema(subject, version) {
      const found = await find(`${at(subject)}/${version}?deleted=true`, Registered.loose());
      if (!found) return undefined;
      const { id, schemaType, schema, references, metadata, ruleSet } = found;
      return {
        ...{ version, id, schemaType, schema, references: references ?? [] },
        ...(metadata ? { metadata } : {}),
        ...(ruleSet ? { ruleSet } : {}),
      };
    },
    async config(subject) {
      const path = of('config', subject);
      return (subject === undefined ? await get(path, RegistryConfig) : await find(path, RegistryConfig)) ?? null;
    },
    async mode(subject) {
      const path = of('mode', subject);
      return (subject === undefined ? await get(path, Mode) : await find(path, Mode))?.mode ?? null;
    },
    register: (subject, body) => send({ method: 'POST', path: at(subject), body }),
    setConfig: ({ compatibilityLevel: compatibility, ...rest_ }, subject) =>
      send({ method: 'PUT', path: of('config', subject), body: { ...rest_, compatibility } }),
    setMode: (mode, subject) => send({ method: 'PUT', path: of('mode', subject), body: { mode } }),
    forgetMode: (subject) => send({ method: 'DELETE', path: of('mode', subject), expected: [MISSING] }),
    remove: (subject, version) => send({ method: 'DELETE', path: `${at(subject)}/${version}`, expected: [MISSING] }),
  };
};
