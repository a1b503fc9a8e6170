// The shop's cache: what is read often is kept a while. Without it the services are slower, not wrong.
import { createClient } from '@redis/client';
import { cacheLogin } from './configuration.ts';

export interface Cache {
  /** The kept answer, or the one that `load` finds, which is then kept. Undefined is not kept. */
  through<T>(key: string, seconds: number, load: () => Promise<T | undefined>): Promise<T | undefined>;
  /** @throws when the cache does not answer. */
  ping(): Promise<void>;
}

const PATIENCE_MS = 1_000;

export const openCache = (): Cache => {
  const login = cacheLogin();
  if (!login) return { through: (_, __, load) => load(), ping: async () => undefined };
  const { host, port, password, authority } = login;
  const socket = { host, port, connectTimeout: PATIENCE_MS, reconnectStrategy: PATIENCE_MS };
  const client = createClient({
    socket: authority ? { ...socket, tls: true, ca: authority } : socket,
    disableOfflineQueue: true,
    commandOptions: { timeout: PATIENCE_MS },
    ...(password ? { password } : {}),
  });
  // It connects again by itself; until it has, requests are answered without it.
  client.on('error', () => undefined);
  void client.connect().catch(() => undefined);
  return {
    through: async <T>(key: string, seconds: number, load: () => Promise<T | undefined>) => {
      const kept = await client.get(key).catch(() => null);
      if (kept !== null) return JSON.parse(kept) as T;
      const found = await load();
      if (found !== undefined)
        await client.set(key, JSON.stringify(found), { expiration: { type: 'EX', value: seconds } }).catch(() => null);
      return found;
    },
    ping: async () => {
      await client.ping();
    },
  };
};
