// What is asked of Kafka Connect. Whatever changes something may be asked for twice. ("Kafka Connect, REST API" of Apache Kafka 4.3; stopping
// and offsets KIP-875, initial state KIP-980, tried with its worker 2026-11.)
import { z } from 'zod';
import type { Endpoint } from '../config/kafka.ts';
import { ConnectNotReady, RestRefused } from './errors.ts';
import { type Answer, openRest, type Request } from './rest.ts';

export const ConnectState = z.enum(['UNASSIGNED', 'RUNNING', 'PAUSED', 'STOPPED', 'FAILED', 'RESTARTING', 'DESTROYED']);
export type ConnectState = z.output<typeof ConnectState>;

/** Of a source's partition or of a topic's, as the connector understands it. A partition that was given up has null. */
export const ConnectorOffset = z.strictObject({
  partition: z.record(z.string(), z.unknown()),
  offset: z.record(z.string(), z.unknown()).nullable(),
});
export type ConnectorOffset = z.output<typeof ConnectorOffset>;

const Config = z.record(z.string(), z.string());

const Worker = z.object({ version: z.string(), kafka_cluster_id: z.string() });
const Status = z.object({
  type: z.enum(['source', 'sink', 'unknown']),
  connector: z.object({ state: ConnectState }),
  tasks: z.array(z.object({ id: z.int(), state: ConnectState })),
});
const Offsets = z.object({ offsets: z.array(ConnectorOffset) });
const Definitions = z.array(z.object({ name: z.string(), type: z.string() }));

export type ConnectorStatus = z.output<typeof Status>;

export interface Connect {
  source: string;
  worker(): Promise<{ version: string; clusterId: string }>;
  names(): Promise<string[]>;
  /** Undefined where there is no such connector. Values are as they were given: secrets among them. */
  config(name: string): Promise<Record<string, string> | undefined>;
  /** Undefined where no worker has taken it yet. Of one that was deleted a moment ago it may still be told: `config` says what is there. */
  status(name: string): Promise<ConnectorStatus | undefined>;
  /** None of one that is not there. What a connector had of this name that was deleted is taken up by the next. */
  offsets(name: string): Promise<ConnectorOffset[]>;
  /** Settings that a plugin declares as passwords; none of one that the workers do not have. */
  passwordsOf(plugin: string): Promise<Set<string>>;
  /** Begins stopped. False where one of this name is there. */
  create(name: string, config: Record<string, string>): Promise<boolean>;
  configure(name: string, config: Record<string, string>): Promise<void>;
  /** What was asked for holds once `status` says so. */
  move(name: string, to: 'stop' | 'pause' | 'resume'): Promise<void>;
  /** Only of a stopped connector. Others than those named stay; null gives up a partition. */
  setOffsets(name: string, offsets: readonly ConnectorOffset[]): Promise<void>;
}

const CONFLICT = 409;
const MISSING = 404;

/** @param signal ends everything that is asked. @throws {KafkaAccessDenied} where there is no login */
export const openConnect = async (name: string, endpoint: Endpoint, signal?: AbortSignal): Promise<Connect> => {
  const { url, secret } = endpoint;
  const rest = await openRest('Kafka Connect', name, { url, secret }, signal);

  /** @throws {ConnectNotReady} while workers share out their connectors anew */
  const ask = async (request: Request): Promise<Answer> => {
    const answer = await rest.ask({ ...request, expected: [...(request.expected ?? []), CONFLICT] });
    if (answer.status !== CONFLICT || request.expected?.includes(CONFLICT)) return answer;
    throw notReady(rest.source, `an answer to ${request.method} ${request.path}`, `${answer.status} ${answer.message}`);
  };
  const read = <S extends z.ZodType>(path: string, schema: S, body: unknown): z.output<S> => {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    // Never what was read: it may hold secrets.
    throw new RestRefused('an answer is not what Kafka Connect says.', {
      ...{ source: rest.source, expected: `an answer to GET ${path} as of Apache Kafka 3.6 or newer` },
      found: parsed.error.issues.map(({ path: at, code }) => `${at.join('.')}: ${code}`).join(', '),
      next: 'Look whether the address is that of Kafka Connect, and at its version.',
    });
  };
  const get = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> =>
    read(path, schema, (await ask({ method: 'GET', path })).body);
  const find = async <S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined> => {
    const { status, body } = await ask({ method: 'GET', path, expected: [MISSING] });
    return status === MISSING ? undefined : read(path, schema, body);
  };
  const at = (connector: string): string => `/connectors/${encodeURIComponent(connector)}`;

  return {
    source: rest.source,
    async worker() {
      const { version, kafka_cluster_id: clusterId } = await get('/', Worker);
      return { version, clusterId };
    },
    names: async () => (await get('/connectors', z.array(z.string()))).toSorted(),
    config: (connector) => find(`${at(connector)}/config`, Config),
    status: (connector) => find(`${at(connector)}/status`, Status),
    async offsets(connector) {
      const path = `${at(connector)}/offsets`;
      const { offsets } = (await find(path, Offsets)) ?? { offsets: [] };
      if (offsets.every(isExact)) return offsets;
      throw new RestRefused('an offset is a number that would be rounded here.', {
        ...{ source: rest.source, expected: `whole numbers below 2^53 in GET ${path}`, found: 'a larger one' },
        next: 'Note the offsets of this connector by hand; they are in no archive.',
      });
    },
    async passwordsOf(plugin) {
      const definitions = await find(`/connector-plugins/${encodeURIComponent(plugin)}/config`, Definitions);
      return new Set((definitions ?? []).filter(({ type }) => type === 'PASSWORD').map(({ name: setting }) => setting));
    },
    async create(connector, config) {
      const path = '/connectors';
      const body = { name: connector, config, initial_state: 'STOPPED' };
      const { status, message } = await ask({ method: 'POST', path, body, expected: [CONFLICT] });
      if (status !== CONFLICT) return true;
      // The same status for "there is one" as for "not now".
      if (await find(`${at(connector)}/config`, Config)) return false;
      throw notReady(rest.source, `an answer to POST ${path}`, `${status} ${message}`);
    },
    async configure(connector, config) {
      await ask({ method: 'PUT', path: `${at(connector)}/config`, body: config });
    },
    async move(connector, to) {
      await ask({ method: 'PUT', path: `${at(connector)}/${to}` });
    },
    async setOffsets(connector, offsets) {
      const path = `${at(connector)}/offsets`;
      // An empty list is refused.
      if (offsets.length > 0) await ask({ method: 'PATCH', path, body: { offsets } });
    },
  };
};

export const notReady = (source: string, expected: string, found: string): ConnectNotReady =>
  new ConnectNotReady('Kafka Connect is not ready for it.', {
    ...{ source, expected, found },
    next: 'Its workers share out their connectors, or a connector still moves: call again in some seconds.',
  });

const isExact = (value: unknown): boolean => {
  if (typeof value === 'number') return !Number.isInteger(value) || Number.isSafeInteger(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(isExact);
};
