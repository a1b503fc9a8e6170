// What fault campaigns, tests and the story may do behind the API's back.
import { ADMIN_PASSWORD } from '../../engines/redis.ts';
import { ADMIN } from '../../engines/redis-config.ts';
import { type ElastiCache, groupNamed, nodeNamed, snapshotNamed } from './state.ts';

export interface CacheServer {
  id: string;
  role: 'primary' | 'replica';
  host: string;
  /** The server's own port, at which the administrator may do what customers may not. */
  port: number;
  admin: { username: string; password: string };
  directory: string;
  running: boolean;
}

export interface ElastiCacheHooks {
  /** Where customers reach the primary of a group, with what they log in with, and the servers behind it. */
  server(groupId: string): {
    host: string;
    port: number;
    auth: string | undefined;
    /** PEM of the authority to trust; undefined where it does not speak TLS. */
    ca: string | undefined;
    nodes: CacheServer[];
  };
  /** The RDB file of a snapshot; what is changed there, every later restore, copy and export finds changed. */
  snapshotFile(snapshotName: string): string;
  /** While true, groups that are begun from a snapshot do not become available. */
  hangRestores(hang: boolean): void;
  /** The next group from a snapshot ends as `create-failed`. */
  failNextRestore(): void;
  /** The next snapshot ends as `failed`. */
  failNextSnapshot(): void;
  /** The next export writes nothing. */
  failNextExport(): void;
  /** A power cut for one node: ElastiCache goes on calling it what it called it before. */
  stopServer(nodeId: string): Promise<void>;
  /** The same for all of them, as when a region is lost. */
  stopServers(): Promise<void>;
}

export const hooksOf = (ec: ElastiCache): ElastiCacheHooks => ({
  server(groupId) {
    const { primary, nodes, fronts, authToken } = groupNamed(ec, groupId);
    const host = '127.0.0.1';
    return {
      host,
      port: fronts?.primary.port ?? 0,
      auth: authToken,
      ca: primary.server?.ca,
      nodes: nodes.map((node) => ({
        id: node.id,
        role: node === primary ? 'primary' : 'replica',
        host,
        port: node.server?.port ?? 0,
        admin: { username: ADMIN, password: ADMIN_PASSWORD },
        directory: node.directory,
        running: node.server?.running() ?? false,
      })),
    };
  },
  snapshotFile: (snapshotName) => snapshotNamed(ec, snapshotName).file,
  hangRestores(hang) {
    ec.faults.hangRestores = hang;
  },
  failNextRestore() {
    ec.faults.restore = true;
  },
  failNextSnapshot() {
    ec.faults.snapshot = true;
  },
  failNextExport() {
    ec.faults.export = true;
  },
  stopServer: async (nodeId) => nodeNamed(ec, nodeId).node.server?.stop('immediate'),
  async stopServers() {
    const nodes = [...ec.groups.values()].flatMap((group) => group.nodes);
    await Promise.all(nodes.map(({ server }) => server?.stop('immediate')));
  },
});
