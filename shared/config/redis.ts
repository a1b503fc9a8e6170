import { z } from 'zod';
import { duration, kept, schedule, share } from './units.ts';

/** CreateReplicationGroup API reference, ReplicationGroupId (2026-11). */
const replicationGroup = z
  .string()
  .regex(
    /^[a-z](?!.*--)[a-z0-9-]{0,38}[a-z0-9]$/,
    'a replication group has 2 to 40 lower case letters, digits and single hyphens, and no hyphen at its end',
  );
const nodeType = z.string().regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, 'a node type is written like "cache.r7g.large"');

const network = {
  subnetGroup: z.string().optional(),
  securityGroups: z.array(z.string()).default([]),
};

/** A replication group of ElastiCache, Redis OSS or Valkey, of one shard. */
export const ElastiCacheRedis = z.strictObject({
  kind: z.literal('elasticache-redis'),
  replicationGroup,
  /** Name of the Secrets Manager secret with `password` and, for users of a user group, `username`, in both regions. */
  secret: z.string().min(1).max(512).optional(),
  schedules: z.strictObject({ snapshot: schedule, verify: schedule }),
  /** A snapshot stays in ElastiCache this long, and goes only once its archive was read whole; an archive stays in the vault. */
  retention: z.strictObject({ snapshot: kept, archive: kept }),
  objectives: z.strictObject({
    /** Age that the data of the newest archive may reach. Snapshots cannot make it less than their interval. */
    rpo: duration,
    rto: duration,
    /** Age that the newest PROVEN archive may reach. */
    proven: duration,
  }),
  checks: z
    .strictObject({
      /** A restored cache with fewer keys is not PROVEN. */
      minimumKeys: z.int().positive().default(1),
      /** Share of the expiring keys that may be gone beyond those whose time has come. */
      deviation: share.prefault('1 %'),
    })
    .prefault({}),
  /** The replication group that a failover makes in the region that takes over. */
  recovery: z.strictObject({
    replicationGroup,
    nodeType,
    replicas: z.int().min(0).max(5).default(1),
    ...network,
  }),
  /** Where test restores run; node type of `recovery` and the account's defaults where left out. */
  restore: z
    .strictObject({ nodeType: nodeType.optional(), ...network, deadline: duration.prefault('1 hour') })
    .prefault({}),
});
