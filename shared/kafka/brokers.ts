// Connections to the brokers of a cluster: opened when they are needed, one for each, and errors in this service's names.
import { Connection, type ConnectionOptions } from '@platformatic/kafka';
import type { KafkaSource } from '../config/schema.ts';
import { settings } from '../config/settings.ts';
import { signIn } from './credentials.ts';
import { known, refusalOf } from './failures.ts';

export interface Brokers extends AsyncDisposable {
  /** Name of the configured cluster, for errors. */
  source: string;
  /** The first of the brokers that one begins with that answers. @throws {BrokersUnreachable} and what it may answer */
  anywhere<T>(request: (connection: Connection) => Promise<T>): Promise<T>;
  /** @param address `host:port` */
  ask<T>(address: string, request: (connection: Connection) => Promise<T>): Promise<T>;
  /** Those that a cluster says it has. */
  note(all: readonly { nodeId: number; host: string; port: number }[]): void;
  /** Addresses of all that were noted. */
  addresses(): string[];
  /** @param what is to be asked of it, for the error. @throws {KafkaNotReady} where nobody leads it */
  addressOf(node: number, what: string): string;
}

const CLIENT = 'lifeboat';
const OPTIONS = { connectTimeout: 5_000, requestTimeout: 30_000 };

/** Brokers to begin with in this region, `host:port`. */
export const bootstrapHere = ({ bootstrap }: Pick<KafkaSource, 'bootstrap'>): readonly string[] =>
  Array.isArray(bootstrap) ? bootstrap : bootstrap[settings().role];

/** @throws {KafkaAccessDenied} where there is no login */
export const openBrokers = async (name: string, source: KafkaSource): Promise<Brokers> => {
  const options: ConnectionOptions = {
    ...OPTIONS,
    ...(source.tls ? { tls: source.tls === true ? {} : source.tls } : {}),
    ...(await signIn(name, source)),
  };
  const connections = new Map<string, Promise<Connection>>();
  /** Those, too, that another one took the place of: while a login is renewed a connection takes no requests. */
  const dialled: Connection[] = [];
  let noted = new Map<number, string>();

  const dial = async (address: string): Promise<Connection> => {
    const connection = new Connection(CLIENT, options);
    dialled.push(connection);
    // Whoever waits for an answer hears of it; there is nobody else to tell.
    connection.on('error', () => undefined);
    const colon = address.lastIndexOf(':');
    try {
      await connection.connect(address.slice(0, colon), Number(address.slice(colon + 1)));
      return connection;
    } catch (error) {
      connections.delete(address);
      await connection.close().catch(() => undefined);
      throw known(name, address, error);
    }
  };
  const at = async (address: string): Promise<Connection> => {
    const standing = await connections.get(address);
    if (standing?.isConnected()) return standing;
    const opened = dial(address);
    connections.set(address, opened);
    return opened;
  };
  const ask = async <T>(address: string, request: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await at(address);
    try {
      return await request(connection);
    } catch (error) {
      throw known(name, address, error);
    }
  };
  /** The first of the brokers that one began with that answers. */
  const anywhere = async <T>(request: (connection: Connection) => Promise<T>): Promise<T> => {
    let last: unknown;
    for (const address of bootstrapHere(source))
      try {
        return await ask(address, request);
      } catch (error) {
        last = error;
      }
    throw last;
  };

  return {
    source: name,
    anywhere,
    ask,
    note: (all) => {
      noted = new Map(all.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
    },
    addresses: () => [...noted.values()],
    addressOf: (node, what) => {
      const address = noted.get(node);
      if (address) return address;
      throw refusalOf(name, what, 'LEADER_NOT_AVAILABLE');
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled(connections.values());
      for (const connection of dialled) await connection.close().catch(() => undefined);
    },
  };
};
