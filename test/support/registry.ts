// A stand-in for a schema registry: Confluent's cannot be had here. It answers as its reference and its source say (docs.confluent.io,
// "Schema Registry API Reference"; confluentinc/schema-registry: ModeResource, Errors, KafkaSchemaRegistry.setMode, checkRegisterMode,
// deleteSchemaVersion; read 2026-11):
//   404: 40401 subject, 40402 version, 40408 no compatibility and 40409 no mode of the subject's own
//   409: an incompatible schema, outside of IMPORT
//   422: 42201 invalid schema, 42204 invalid mode, 42205 not permitted, 42206 referred to by another, 42207 the id has another schema
//   IMPORT is refused (42205) for a subject, or for all, where there are schemas that are not deleted, unless it is the mode already or
//   `force` is set; ids and versions may be given only in IMPORT; without them nothing may be registered in it.
// Compatibility is judged by one rule alone: a field that is added needs a default.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Version {
  version: number;
  id: number;
  schema: string;
  schemaType?: string;
  references?: { name: string; subject: string; version: number }[];
  metadata?: object;
  ruleSet?: object;
  deleted?: boolean;
}

export interface TestRegistry extends AsyncDisposable {
  url: string;
  /** `Basic …` that is asked for. */
  login: string | undefined;
  subjects: Map<string, Version[]>;
  modes: Map<string, string>;
  configs: Map<string, object>;
}

class Refusal extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

const ALL = '';
const MODES = ['READWRITE', 'READONLY', 'READONLY_OVERRIDE', 'IMPORT'];

export const openTestRegistry = async (): Promise<TestRegistry> => {
  const state: Pick<TestRegistry, 'login' | 'subjects' | 'modes' | 'configs'> = {
    login: undefined,
    subjects: new Map(),
    modes: new Map([[ALL, 'READWRITE']]),
    configs: new Map([[ALL, { compatibilityLevel: 'BACKWARD' }]]),
  };
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const answer = (status: number, content: unknown) => {
        response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
        response.end(JSON.stringify(content));
      };
      if (state.login && request.headers.authorization !== state.login)
        return answer(401, { error_code: 401, message: 'Unauthorized' });
      const url = new URL(request.url ?? '', 'http://registry');
      try {
        return answer(200, handle(state, request.method ?? '', url, body ? JSON.parse(body) : {}));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        const status = error.code > 1000 ? Math.floor(error.code / 100) : error.code;
        return answer(status, { error_code: error.code, message: error.message });
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
};

type State = Pick<TestRegistry, 'subjects' | 'modes' | 'configs'>;
type Body = Record<string, never>;

const handle = (state: State, method: string, url: URL, body: Body): unknown => {
  const [first = '', second, third, fourth] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const deleted = url.searchParams.get('deleted') === 'true';
  const live = (subject: string): Version[] =>
    (state.subjects.get(subject) ?? []).filter((each) => deleted || !each.deleted);
  switch (`${method} ${first}${third ? '/versions' : ''}`) {
    case 'GET contexts':
      return [...new Set(['.', ...[...state.subjects.keys()].flatMap((name) => /^:(\.[^:]*):/.exec(name)?.[1] ?? [])])];
    case 'GET subjects':
      return [...state.subjects.keys()].filter((subject) => live(subject).length > 0);
    case 'GET subjects/versions': {
      const versions = live(second ?? '');
      if (versions.length === 0) throw new Refusal(40401, `Subject '${second}' not found.`);
      if (fourth === undefined) return versions.map(({ version }) => version);
      const found = versions.find(({ version }) => version === Number(fourth));
      if (!found) throw new Refusal(40402, `Version ${fourth} not found.`);
      // Avro and no references are not named.
      const { deleted: _, schemaType, references = [], ...rest } = found;
      return {
        ...{ subject: second, ...rest },
        ...(schemaType && schemaType !== 'AVRO' ? { schemaType } : {}),
        ...(references.length > 0 ? { references } : {}),
      };
    }
    case 'POST subjects/versions':
      return register(state, second ?? '', body);
    case 'DELETE subjects/versions':
      return remove(state, second ?? '', Number(fourth));
    case 'GET mode':
    case 'GET config': {
      const [kept, code] = first === 'mode' ? [state.modes, 40409] : [state.configs, 40408];
      const found = (kept as Map<string, unknown>).get(second ?? ALL);
      if (found === undefined)
        throw new Refusal(code, `Subject '${second}' does not have subject-level ${first} configured`);
      return first === 'mode' ? { mode: found } : found;
    }
    case 'PUT mode':
      return setMode(state, second ?? ALL, String(body.mode), url.searchParams.get('force') === 'true');
    case 'DELETE mode': {
      const mode = state.modes.get(second ?? ALL);
      if (!mode || !second) throw new Refusal(40401, `Subject '${second}' not found.`);
      state.modes.delete(second);
      return { mode };
    }
    case 'PUT config': {
      const { compatibility, ...rest } = body;
      state.configs.set(second ?? ALL, { ...(rest as object), compatibilityLevel: compatibility });
      return body;
    }
    default:
      throw new Refusal(404, 'HTTP 404 Not Found');
  }
};

const modeOf = ({ modes }: State, subject: string): string => modes.get(subject) ?? modes.get(ALL) ?? 'READWRITE';

const setMode = (state: State, subject: string, mode: string, force: boolean): object => {
  if (!MODES.includes(mode)) throw new Refusal(42204, 'Invalid mode.');
  const held = [...state.subjects].some(
    ([name, versions]) => (subject === ALL || name === subject) && versions.some((each) => !each.deleted),
  );
  if (mode === 'IMPORT' && modeOf(state, subject) !== 'IMPORT' && !force && held)
    throw new Refusal(42205, 'Cannot import since found existing subjects');
  state.modes.set(subject, mode);
  return { mode };
};

const contentOf = ({ schema, schemaType = 'AVRO', references = [], metadata, ruleSet }: Partial<Version>): string =>
  JSON.stringify([schema, schemaType, references, metadata, ruleSet]);
const contextOf = (subject: string): string => /^:\.[^:]*:/.exec(subject)?.[0] ?? '';

const register = (state: State, subject: string, body: Body): object => {
  const given = body as unknown as Partial<Version>;
  const mode = modeOf(state, subject);
  if (mode.startsWith('READONLY')) throw new Refusal(42205, `Subject ${subject} is in read-only mode`);
  const isImport = given.id !== undefined || given.version !== undefined;
  if (isImport && mode !== 'IMPORT') throw new Refusal(42205, `Subject ${subject} is not in import mode`);
  if (!isImport && mode !== 'READWRITE') throw new Refusal(42205, `Subject ${subject} is not in read-write mode`);
  if (!isValid(given)) throw new Refusal(42201, 'Invalid schema');
  for (const { subject: of, version } of given.references ?? [])
    if (!state.subjects.get(of)?.some((each) => each.version === version && !each.deleted))
      throw new Refusal(42201, `Invalid schema: no schema reference found for subject "${of}" and version ${version}`);
  const versions = state.subjects.get(subject) ?? [];
  const same = versions.find((each) => !each.deleted && contentOf(each) === contentOf(given));
  if (same && (!isImport || same.id === given.id)) return { id: same.id };
  if (mode !== 'IMPORT' && !isCompatible(versions.findLast((each) => !each.deleted)?.schema, given.schema ?? ''))
    throw new Refusal(409, 'Schema being registered is incompatible with an earlier schema');
  const all = [...state.subjects].flatMap(([of, each]) => (contextOf(of) === contextOf(subject) ? each : []));
  const holder = all.find((each) => each.id === given.id);
  if (holder && contentOf(holder) !== contentOf(given))
    throw new Refusal(42207, `Overwrite new schema with id ${given.id} is not permitted.`);
  const known = all.find((each) => contentOf(each) === contentOf(given));
  const id = given.id ?? known?.id ?? Math.max(0, ...all.map((each) => each.id)) + 1;
  const version = given.version ?? Math.max(0, ...versions.map((each) => each.version)) + 1;
  const kept = versions.filter((each) => each.version !== version);
  state.subjects.set(
    subject,
    [...kept, { schemaType: 'AVRO', references: [], ...given, id, version, schema: given.schema ?? '' }].toSorted(
      (a, b) => a.version - b.version,
    ),
  );
  return { id };
};

const isValid = ({ schema = '', schemaType = 'AVRO' }: Partial<Version>): boolean => {
  try {
    return schemaType === 'PROTOBUF' ? schema.includes('message') : typeof JSON.parse(schema) === 'object';
  } catch {
    return false;
  }
};

const isCompatible = (before: string | undefined, after: string): boolean => {
  if (!before?.includes('"fields"')) return true;
  const fields = (text: string): { name: string; default?: unknown }[] => JSON.parse(text).fields ?? [];
  const known = fields(before).map(({ name }) => name);
  return fields(after).every(({ name, default: given }) => known.includes(name) || given !== undefined);
};

const remove = (state: State, subject: string, version: number): number => {
  const found = state.subjects.get(subject)?.find((each) => each.version === version);
  if (!found) throw new Refusal(40402, `Version ${version} not found.`);
  if (found.deleted) throw new Refusal(40406, `Subject '${subject}' Version ${version} was soft deleted.`);
  const referred = [...state.subjects.values()]
    .flat()
    .some((each) => !each.deleted && each.references?.some((of) => of.subject === subject && of.version === version));
  if (referred) throw new Refusal(42206, 'One or more references exist to the schema');
  found.deleted = true;
  return version;
};
