import { createClient, RESP_TYPES } from '@redis/client';

export interface CacheAddress {
  host?: string;
  port: number;
  password?: string | undefined;
  /** PEM; with it, TLS is spoken. */
  ca?: string | undefined;
}

/** Runs commands as an application would, over one connection. */
export const withRedis = async <T>(
  { host = '127.0.0.1', port, password, ca }: CacheAddress,
  run: (send: (...command: string[]) => Promise<unknown>) => Promise<T>,
): Promise<T> => {
  const address = { host, port, reconnectStrategy: false } as const;
  const client = createClient({
    socket: ca === undefined ? address : { ...address, tls: true, ca },
    ...(password === undefined ? {} : { password }),
  });
  client.on('error', () => undefined); // The connection went away; what waits for it rejects.
  try {
    await client.connect();
    return await run((...command) => client.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
};

/** The same, with bytes in and out: values that are no text. */
export const withRedisBytes = async <T>(
  { port, ca }: { port: number; ca?: string | undefined },
  run: (send: (...command: (string | Buffer)[]) => Promise<unknown>) => Promise<T>,
): Promise<T> => {
  const address = { host: '127.0.0.1', port, reconnectStrategy: false } as const;
  const client = createClient({ socket: ca === undefined ? address : { ...address, tls: true, ca } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    return await run((...command) => bytes.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
};
