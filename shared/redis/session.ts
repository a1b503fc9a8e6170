// One connection to a cache. Commands that are sent without waiting for each other go out together.
import { ConnectionTimeoutError, createClient, ErrorReply, RESP_TYPES } from '@redis/client';
import { CacheLoginRefused, CacheUnreachable } from './errors.ts';

export interface CacheAddress {
  /** Who is named in errors. */
  source: string;
  host: string;
  port: number;
  tls: boolean;
  token: string | undefined;
}

export type Reply = Buffer | number | string | null | Reply[];

export interface CacheSession extends AsyncDisposable {
  /** Strings come as bytes: keys and values are no text. @throws {CacheUnreachable} */
  send(...command: (string | Buffer)[]): Promise<Reply>;
}

const CONNECT_MS = 5_000;
const ANSWER_MS = 60_000;

/** @throws {CacheUnreachable} {CacheLoginRefused} */
export const openCache = async (address: CacheAddress): Promise<CacheSession> => {
  const { host, port, token } = address;
  const socket = {
    host,
    port,
    connectTimeout: CONNECT_MS,
    socketTimeout: ANSWER_MS,
    reconnectStrategy: false,
  } as const;
  const client = createClient({
    socket: address.tls ? { ...socket, tls: true } : socket,
    ...(token === undefined ? {} : { password: token }),
  });
  // What waits for an answer rejects when the connection goes; there is nobody else to tell.
  client.on('error', () => undefined);
  const named = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => Promise.reject(known(address, error)));
  try {
    await named(client.connect());
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw error;
  }
  const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    send: (...command) => named(bytes.sendCommand<Reply>(command)),
    [Symbol.asyncDispose]: async () => {
      if (client.isOpen) client.destroy();
    },
  };
};

/** Redis says what it refuses in the first word of its answer (redis/src/acl.c, networking.c, 2026-11). */
const REFUSED = /^(WRONGPASS|NOAUTH|NOPERM)\b|without any password configured/;

const known = ({ source, host, port }: CacheAddress, error: unknown): unknown => {
  const place = `${host}:${port}`;
  if (error instanceof ErrorReply) {
    if (!REFUSED.test(error.message)) return error;
    return new CacheLoginRefused(
      'the cache does not accept the token.',
      {
        source,
        expected: `a login at ${place}`,
        found: error.message.split(' ')[0],
        next: 'Compare the secret with the token of the replication group.',
      },
      { cause: error },
    );
  }
  const found =
    error instanceof ConnectionTimeoutError
      ? 'no answer in time'
      : error instanceof Error
        ? error.message
        : String(error);
  return new CacheUnreachable(
    'the cache cannot be reached.',
    {
      source,
      expected: `an answer at ${place}`,
      found,
      next: 'Look at security groups and subnets of the functions and of the cache; it is tried again.',
    },
    { cause: error },
  );
};
