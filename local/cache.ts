// The cache of the example: there before this service, as its database is, with baskets and sessions in it.
import { randomBytes } from 'node:crypto';
import { createClient } from '@redis/client';
import { redisSourceNamed, sourcesOfKind } from '../shared/config/platform.ts';
import type { LocalPlatform } from './platform.ts';
import type { LocalRegion } from './world.ts';

/** Sends one command to the primary of a group. */
type Send = (...command: string[]) => Promise<unknown>;

let madeToken: string | undefined;
/** Made anew for every run; it stands in Secrets Manager and nowhere else. */
const token = (): string => {
  madeToken ??= randomBytes(18).toString('base64url');
  return madeToken;
};

/** Name of the cache among the example's sources. */
export const cacheSource = (): string => {
  const [cache] = sourcesOfKind('elasticache-redis');
  if (!cache) throw new Error('The configuration has no source of kind elasticache-redis.');
  return cache[0];
};

/** The replication group of the source with its secret, filled. Its schedules go on sleeping until `wakeCaches`. */
export const createCache = async (platform: LocalPlatform, fill: (send: Send) => Promise<void>): Promise<void> => {
  const { ask, primary, recovery, world } = platform;
  const source = redisSourceNamed(cacheSource());
  for (const region of [primary, recovery]) {
    await ask(region, 'secretsmanager', 'CreateSecret', {
      Name: source.secret,
      SecretString: JSON.stringify({ password: token() }),
    });
  }
  await ask(primary, 'elasticache', 'CreateReplicationGroup', {
    ReplicationGroupId: source.replicationGroup,
    ReplicationGroupDescription: 'baskets and sessions of the shop',
    CacheNodeType: 'cache.t4g.small',
    NumCacheClusters: 3,
    AutomaticFailoverEnabled: true,
    AtRestEncryptionEnabled: true,
    TransitEncryptionEnabled: true,
    AuthToken: token(),
    SnapshotRetentionLimit: 7,
  });
  await world.clock.settled();
  await withCache(primary, source.replicationGroup, fill);
};

/** Runs commands on the primary of a group over one connection, as an application would. */
export const withCache = async <T>(region: LocalRegion, group: string, run: (send: Send) => Promise<T>): Promise<T> => {
  const { host, port, auth, ca } = region.elasticache.server(group);
  const address = { host, port, reconnectStrategy: false } as const;
  const client = createClient({
    socket: ca === undefined ? address : { ...address, tls: true, ca },
    ...(auth === undefined ? {} : { password: auth }),
  });
  // A server that goes away ends its sessions; whoever uses one next is told by the command that fails.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await run((...command) => client.sendCommand(command));
  } finally {
    if (client.isOpen) client.destroy();
  }
};

/** Sessions that end, baskets that do not, and what is looked at most. */
export const fillCache =
  (customers: number) =>
  async (send: Send): Promise<void> => {
    const commands: string[][] = [];
    for (let id = 1; id <= customers; id++) {
      const basket = `basket:${id}`;
      commands.push(['HSET', basket, `product-${id % 97}`, `${1 + (id % 5)}`, 'updated', '2026-11-20']);
      commands.push(['SET', `session:${randomBytes(12).toString('hex')}`, `customer ${id}`, 'EX', `${86_400 * 40}`]);
      commands.push(['ZINCRBY', 'products:viewed', '1', `product-${id % 97}`]);
      if (id % 10 === 0)
        commands.push(['RPUSH', `history:${id}`, ...Array.from({ length: 12 }, (_, n) => `view ${n}`)]);
    }
    commands.push(['SADD', 'coupons', 'autumn', 'welcome'], ['XADD', 'events', '*', 'kind', 'opened']);
    for (let at = 0; at < commands.length; at += 500)
      await Promise.all(commands.slice(at, at + 500).map((command) => send(...command)));
    await send('WAIT', '2', '10000');
  };
