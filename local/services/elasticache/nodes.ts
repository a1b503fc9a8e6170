// The servers behind the nodes of a replication group, and the addresses they are reached at.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { certificatesIn } from '../../engines/certificates.ts';
import { type Front, openFront } from '../../engines/front.ts';
import { freePort } from '../../engines/ports.ts';
import { type RedisServer, startRedis, untilLinked } from '../../engines/redis.ts';
import { arnOf, type ElastiCache, type Group, type Node } from './state.ts';

/** Nodes of a group to be, the first of them primary; files and servers come later. */
export const newNodes = (ec: ElastiCache, groupId: string, zones: string[]): [Node, ...Node[]] =>
  zones.map((zone, index): Node => {
    const id = `${groupId}-${String(index + 1).padStart(3, '0')}`;
    return {
      id,
      arn: arnOf(ec.region, 'cluster', id),
      zone,
      status: 'creating',
      createdAt: ec.region.clock.now(),
      directory: join(ec.directory, 'nodes', `${ec.nextNumber()}`),
      snapshotsAt: [],
    };
  }) as [Node, ...Node[]];

/** Starts the primary, with what the RDB file holds if there is one, then its replicas, and opens the group's addresses. */
export const startNodes = async (
  ec: ElastiCache,
  group: Group,
  seed: string | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const { primary } = group;
  primary.server = await startNode(ec, group, primary, signal, { seed });
  const { port } = primary.server;
  await Promise.all(
    replicasOf(group).map(async (replica) => {
      replica.server = await startNode(ec, group, replica, signal, { primary: port });
      await untilLinked(replica.server, signal);
    }),
  );
  await openFronts(ec, group);
};

export const replicasOf = (group: Group): Node[] => group.nodes.filter((node) => node !== group.primary);

/** The server of a node. @throws where it is gone: ElastiCache itself would not know yet. */
export const serverOf = (node: Node): RedisServer => {
  if (node.server?.running()) return node.server;
  throw new Error(`The server of ${node.id} does not run.`);
};

/** Ends servers and addresses; the files go, too. */
export const removeNodes = async (group: Group): Promise<void> => {
  await Promise.all([...frontsOf(group)].map((front) => front.close()));
  await Promise.all(group.nodes.map(({ server }) => server?.stop('immediate')));
  for (const node of group.nodes) {
    delete node.server;
    delete node.front;
    for (const path of [node.directory, `${node.directory}.log`]) {
      await rm(path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  delete group.fronts;
};

export const frontsOf = ({ fronts, nodes }: Group): Front[] => [
  ...(fronts ? [fronts.primary, fronts.reader] : []),
  ...nodes.flatMap(({ front }) => front ?? []),
];

const startNode = async (
  ec: ElastiCache,
  group: Group,
  node: Node,
  signal: AbortSignal,
  { seed, primary }: { seed?: string | undefined; primary?: number },
): Promise<RedisServer> => {
  const settings = {
    port: await freePort(),
    ...(group.authToken === undefined ? {} : { password: group.authToken }),
    ...(group.settings.transitEncryption ? { certificates: await certificatesIn(ec.region) } : {}),
    ...(primary === undefined ? {} : { primary }),
  };
  return startRedis(node.directory, settings, signal, seed);
};

const openFronts = async (ec: ElastiCache, group: Group): Promise<void> => {
  const isOpen = () => ec.region.alive;
  const portOf = (node: Node | undefined) => node?.server?.port;
  for (const node of group.nodes) node.front = await openFront({ isOpen, target: () => portOf(node) });
  let turn = 0;
  const nextReader = () => {
    const readers = replicasOf(group).filter((node) => node.server?.running());
    return portOf(readers.length > 0 ? readers[turn++ % readers.length] : group.primary);
  };
  group.fronts = {
    primary: await openFront({ isOpen, target: () => portOf(group.primary) }),
    reader: await openFront({ isOpen, target: nextReader }),
  };
};
