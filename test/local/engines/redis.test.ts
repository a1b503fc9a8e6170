import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificatesOf } from '../../../local/engines/certificates.ts';
import { reachableDirectory } from '../../../local/engines/engine-user.ts';
import { freePort } from '../../../local/engines/ports.ts';
import { sweepServers } from '../../../local/engines/processes.ts';
import { type RedisServer, saveTo, startRedis, untilLinked } from '../../../local/engines/redis.ts';
import { installedRedis } from '../../../local/engines/redis-binaries.ts';
import type { RedisSettings } from '../../../local/engines/redis-config.ts';
import { gone } from '../../support/processes.ts';
import { withRedis } from '../../support/redis-client.ts';

const signal = AbortSignal.timeout(60_000);
const world = {};
const started: RedisServer[] = [];
let directory: string;

beforeAll(async () => {
  directory = reachableDirectory(join(await mkdtemp(join(tmpdir(), 'lifeboat-test-')), 'engines'));
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop('immediate')));
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const start = async (name: string, settings: Partial<RedisSettings> = {}, seed?: string): Promise<RedisServer> => {
  const all = { port: await freePort(), ...settings };
  const server = await startRedis(join(directory, name), all, signal, seed);
  started.push(server);
  return server;
};

describe('a Redis server', { timeout: 60_000 }, () => {
  it('is saved while commands go on, and another starts with what it held then', async () => {
    const a = await start('a');
    await withRedis(a, (send) => send('SET', 'order:1', 'paid'));
    await saveTo(a, join(directory, 'a.rdb'), signal);
    await withRedis(a, (send) => send('SET', 'order:1', 'shipped'));
    await saveTo(a, join(directory, 'later.rdb'), signal);
    const b = await start('b', {}, join(directory, 'a.rdb'));
    const c = await start('c', {}, join(directory, 'later.rdb'));

    const read = (server: RedisServer) => withRedis(server, (send) => send('GET', 'order:1'));
    expect([await read(b), await read(c)]).toEqual(['paid', 'shipped']);
    await Promise.all([a.stop('graceful'), b.stop('immediate')]);
    expect([a.running(), b.running(), c.running()]).toEqual([false, false, true]);
  });

  it('starts empty after a power cut: nothing is saved that no snapshot asked for', async () => {
    const server = await start('cut');
    await withRedis(server, (send) => send('SET', 'k', 'v'));
    await server.stop('immediate');
    const again = await start('cut');
    expect(await withRedis(again, (send) => send('DBSIZE'))).toBe(0);
  });

  it('says why it does not start from a file that is cut short, altered or not one of its own', async () => {
    const source = await start('source');
    await withRedis(source, (send) => send('SET', 'k', 'some value'));
    const whole = join(directory, 'whole.rdb');
    await saveTo(source, whole, signal);
    const variant = async (name: string) => {
      const file = join(directory, name);
      await copyFile(whole, file);
      return file;
    };
    const short = await variant('short.rdb');
    await truncate(short, (await readFile(whole)).length - 12);
    const flipped = await variant('flipped.rdb');
    const handle = await open(flipped, 'r+');
    await handle.write(Buffer.from('V'), 0, 1, (await readFile(whole)).indexOf('some value') + 5);
    await handle.close();

    await expect(start('from-short', {}, short)).rejects.toThrow(/Short read|Unexpected EOF/i);
    await expect(start('from-flipped', {}, flipped)).rejects.toThrow(/checksum/i);
    await expect(start('from-text', {}, join(import.meta.dirname, 'redis.test.ts'))).rejects.toThrow(/signature/i);
  });

  it('asks customers for their password, which it keeps as a digest', async () => {
    const server = await start('locked', { password: 'the-password' });
    const ping = (password?: string) => withRedis({ ...server, password }, (send) => send('PING'));
    await expect(ping()).rejects.toThrow(/NOAUTH|Authentication required/);
    await expect(ping('wrong')).rejects.toThrow(/WRONGPASS/);
    expect(await ping('the-password')).toBe('PONG');
    expect(await readFile(join(server.directory, 'redis.conf'), 'utf8')).not.toContain('the-password');
  });

  it('keeps from customers what ElastiCache keeps from them', async () => {
    const server = await start('restricted');
    for (const command of [['CONFIG', 'GET', 'dir'], ['BGSAVE'], ['REPLICAOF', 'NO', 'ONE'], ['DEBUG', 'SLEEP', '0']]) {
      await expect(withRedis(server, (send) => send(...command))).rejects.toThrow(/NOPERM|not allowed/);
    }
  });

  it('is known by a certificate of the world, and speaks nothing but TLS', async () => {
    const server = await start('tls', { certificates: await certificatesOf(world) });
    const ping = (ca?: string) => withRedis({ port: server.port, ca }, (send) => send('PING'));
    expect(await ping((await certificatesOf(world)).ca)).toBe('PONG');
    await expect(ping((await certificatesOf({})).ca)).rejects.toThrow(/certificate/);
    await expect(ping()).rejects.toThrow();
  });

  it.each([
    ['with TLS', true],
    ['without', false],
  ])('has a replica %s', async (name, encrypted) => {
    const certificates = encrypted ? { certificates: await certificatesOf(world) } : {};
    const options = { ...certificates, password: 'customers' };
    const primary = await start(`primary ${name}`, options);
    const write = (server: RedisServer, value: string) =>
      withRedis({ ...server, password: 'customers' }, (send) => send('SET', 'k', value));
    await write(primary, 'before');
    const replica = await start(`replica ${name}`, { ...options, primary: primary.port });
    await untilLinked(replica, signal);
    expect(await withRedis({ ...replica, password: 'customers' }, (send) => send('GET', 'k'))).toBe('before');
    await expect(write(replica, 'no')).rejects.toThrow(/READONLY/);
  });

  it('says what it is in the words of ElastiCache', async () => {
    expect(await installedRedis()).toEqual({
      engine: expect.stringMatching(/^(redis|valkey)$/),
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
  });

  it('ends when the process that started it is killed', async () => {
    const script = `
      const { startRedis } = await import(${JSON.stringify(join(import.meta.dirname, '../../../local/engines/redis.ts'))});
      const settings = { port: ${await freePort()} };
      const { pid } = await startRedis(${JSON.stringify(join(directory, 'orphan'))}, settings, AbortSignal.timeout(30000));
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output] = await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    await gone(Number(output));

    // What the kernel did not end, the next run sweeps: a pid file of a live server is enough.
    const left = await start('left');
    sweepServers(directory);
    await gone(left.pid);
  });
});
