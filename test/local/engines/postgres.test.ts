import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificatesOf } from '../../../local/engines/certificates.ts';
import { reachableDirectory } from '../../../local/engines/engine-user.ts';
import { freePort } from '../../../local/engines/ports.ts';
import {
  asAdmin,
  copyCluster,
  createCluster,
  forgetOrigin,
  startServer,
  takeBaseBackup,
} from '../../../local/engines/postgres.ts';
import { sweepServers } from '../../../local/engines/processes.ts';
import { gone } from '../../support/processes.ts';

const signal = AbortSignal.timeout(60_000);
const world = {};
let directory: string;

beforeAll(async () => {
  directory = reachableDirectory(join(await mkdtemp(join(tmpdir(), 'lifeboat-test-')), 'engines'));
});
afterAll(() => rm(join(directory, '..'), { recursive: true, force: true }));

const start = async (name: string, options: { durable?: boolean } = {}) =>
  startServer(
    join(directory, name),
    { port: await freePort(), certificates: await certificatesOf(world), durable: options.durable ?? false },
    signal,
  );

describe('a PostgreSQL server', { timeout: 60_000 }, () => {
  it('starts with data checksums, is copied while running, and the copy starts with the same rows', async () => {
    await createCluster(join(directory, 'a'), signal);
    const a = await start('a');
    await asAdmin(a.port, 'postgres', (client) => client.query('create table t as select generate_series(1, 1000) n'));
    await takeBaseBackup(a.port, join(directory, 'backup'), signal);
    await asAdmin(a.port, 'postgres', (client) => client.query('delete from t'));
    await copyCluster(join(directory, 'backup'), join(directory, 'b'), signal);
    await forgetOrigin(join(directory, 'b'));
    const b = await start('b');

    const rows = await asAdmin(b.port, 'postgres', (client) =>
      client.query("select count(*)::int n, current_setting('data_checksums') checksums from t"),
    );
    expect(rows.rows).toEqual([{ n: 1000, checksums: 'on' }]);
    await a.stop('fast');
    await b.stop('immediate');
    expect([a.running(), b.running()]).toEqual([false, false]);
  });

  it('is known by a certificate of the world, and refuses users without TLS', async () => {
    await createCluster(join(directory, 'tls'), signal);
    const server = await start('tls');
    await asAdmin(server.port, 'postgres', (client) => client.query("create role shop login password 'secret'"));
    const user = { host: '127.0.0.1', port: server.port, user: 'shop', password: 'secret', database: 'postgres' };

    const trusting = new pg.Client({ ...user, ssl: { ca: (await certificatesOf(world)).ca } });
    await trusting.connect();
    await trusting.end();
    const stranger = new pg.Client({ ...user, ssl: { ca: (await certificatesOf({})).ca } });
    await expect(stranger.connect()).rejects.toThrow(/certificate/);
    await expect(new pg.Client(user).connect()).rejects.toThrow(/no encryption/);
    await server.stop('fast');
  });

  it('says why it did not start', async () => {
    await createCluster(join(directory, 'damaged'), signal);
    await rm(join(directory, 'damaged', 'global', 'pg_control'));
    await expect(start('damaged')).rejects.toThrow(/could not find the database system/);
  });

  it('ends when the process that started it is killed', async () => {
    const script = `
      const { createCluster, startServer } = await import(${JSON.stringify(join(import.meta.dirname, '../../../local/engines/postgres.ts'))});
      const { certificatesOf } = await import(${JSON.stringify(join(import.meta.dirname, '../../../local/engines/certificates.ts'))});
      await createCluster(${JSON.stringify(join(directory, 'orphan'))}, AbortSignal.timeout(30000));
      const { pid } = await startServer(${JSON.stringify(join(directory, 'orphan'))}, { port: ${await freePort()}, certificates: await certificatesOf({}), durable: false }, AbortSignal.timeout(30000));
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await gone(Number(output));

    // What the kernel did not end, the next run sweeps: a pid file of a live server is enough.
    await createCluster(join(directory, 'left'), signal);
    const left = await start('left');
    sweepServers(directory);
    await gone(left.pid);
  });
});
