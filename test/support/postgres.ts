// Real PostgreSQL servers for tests: clusters, physical copies of them, and nothing left behind.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import pg from 'pg';
import { type Certificates, certificatesOf } from '../../local/engines/certificates.ts';
import { reachableDirectory } from '../../local/engines/engine-user.ts';
import { freePort } from '../../local/engines/ports.ts';
import {
  ADMIN_PASSWORD,
  asAdmin,
  createCluster,
  forgetOrigin,
  type Server,
  startServer,
  takeBaseBackup,
} from '../../local/engines/postgres.ts';
import type { ServerSettings } from '../../local/engines/postgres-config.ts';

export const USER = 'shop';
export const PASSWORD = 'correct horse battery staple';
export const DATABASE = 'shop';

export interface TestServer {
  port: number;
  directory: string;
  /** As the superuser, in the test database. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** As the database's owner, over one connection of its own that the caller ends. */
  connect(): Promise<pg.Client>;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
}

export interface Laboratory extends AsyncDisposable {
  directory: string;
  /** A new server with an empty database that belongs to USER. */
  cluster(): Promise<TestServer>;
  /** A physical copy of a running server, not started yet. */
  copy(of: TestServer): Promise<TestServer>;
  /** A running standby that streams from a server. */
  standby(of: TestServer): Promise<TestServer>;
}

const signal = (): AbortSignal => AbortSignal.timeout(120_000);

export const openLaboratory = async (): Promise<Laboratory> => {
  const root = await mkdtemp(join(tmpdir(), 'lifeboat-lab-'));
  const directory = reachableDirectory(join(root, 'engines'));
  const certificates = await certificatesOf({});
  tls.setDefaultCACertificates([...tls.getCACertificates(), certificates.ca]);
  const servers: TestServer[] = [];
  const known = (server: TestServer): TestServer => {
    servers.push(server);
    return server;
  };
  return {
    directory,
    cluster: async () => {
      const data = join(directory, `live-${servers.length}`);
      await createCluster(data, signal());
      const server = known(await serverIn(data, certificates));
      await server.start();
      await asAdmin(server.port, 'postgres', async (client) => {
        await client.query(`CREATE ROLE ${USER} LOGIN PASSWORD '${PASSWORD}'`);
        await client.query(`CREATE DATABASE ${DATABASE} OWNER ${USER}`);
      });
      return server;
    },
    copy: async (of) => {
      const data = join(directory, `copy-${servers.length}`);
      await takeBaseBackup(of.port, data, signal());
      await forgetOrigin(data);
      return known(await serverIn(data, certificates));
    },
    standby: async (of) => {
      const data = join(directory, `standby-${servers.length}`);
      const slot = `standby_${servers.length}`;
      await of.sql(`SELECT pg_create_physical_replication_slot('${slot}')`);
      await takeBaseBackup(of.port, data, signal());
      await forgetOrigin(data);
      const server = known(await serverIn(data, certificates, { port: of.port, slot, password: ADMIN_PASSWORD }));
      await server.start();
      return server;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(servers.map((server) => server.stop('immediate')));
      await rm(root, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const serverIn = async (
  directory: string,
  certificates: Certificates,
  standbyOf?: NonNullable<ServerSettings['standbyOf']>,
): Promise<TestServer> => {
  const port = await freePort();
  let running: Server | undefined;
  return {
    port,
    directory,
    sql: async (text) => (await asAdmin(port, DATABASE, (client) => client.query(text))).rows,
    connect: async () => {
      const client = new pg.Client({
        host: '127.0.0.1',
        port,
        user: USER,
        password: PASSWORD,
        database: DATABASE,
        ssl: true,
      });
      client.on('error', () => undefined);
      await client.connect();
      return client;
    },
    stop: async (mode = 'fast') => {
      await running?.stop(mode);
      running = undefined;
    },
    start: async () => {
      running = await startServer(
        directory,
        { port, certificates, durable: false, ...(standbyOf ? { standbyOf } : {}) },
        signal(),
      );
    },
  };
};
