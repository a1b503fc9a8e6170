import { z } from 'zod';
import { Check } from './checks.ts';
import { Kafka } from './kafka.ts';
import { Notifications } from './notifications.ts';
import { Recovery } from './recovery.ts';
import { ElastiCacheRedis } from './redis.ts';
import { dailyWindow, duration, kept, schedule, share } from './units.ts';

// The name of an export task holds it, with 33 characters of ours, and has at most 60 (RDS StartExportTask, 2026-11).
const sourceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,26}$/, 'a source is named in lower case letters, digits and hyphens, at most 27');
const region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region is written like "us-east-1"');

const RdsPostgres = z.strictObject({
  kind: z.literal('rds-postgres'),
  instance: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'an RDS instance identifier'),
  database: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/i),
  /** Name of the Secrets Manager secret with `username` and `password`, in both regions. */
  secret: z.string().min(1).max(512),
  schedules: z.strictObject({ snapshot: schedule, export: schedule, verify: schedule, posture: schedule }),
  export: z
    .strictObject({
      tables: z.array(z.string().regex(/^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/i, 'schema.table')).default([]),
    })
    .prefault({}),
  /** How long a point of each retention class is kept. */
  retention: z.strictObject({ daily: kept, 'pre-change': kept, compliance: kept }),
  objectives: z.strictObject({
    rpo: duration,
    rto: duration,
    /** The copy in the recovery region is complete this long after the snapshot. */
    copy: duration,
    /** Age that the newest PROVEN point may reach. */
    proven: duration,
  }),
  posture: z.strictObject({
    backupRetention: duration,
    window: dailyWindow,
    multiAz: z.boolean(),
    encrypted: z.boolean(),
    deletionProtection: z.boolean(),
  }),
  /** Cross-region read replica; fingerprints are read from it where `fingerprintFrom` says so. */
  replica: z.strictObject({ instance: z.string(), maxLag: duration }).optional(),
  fingerprint: z
    .strictObject({
      from: z.enum(['primary', 'replica']).default('primary'),
      concurrency: z.int().min(1).max(10).default(2),
    })
    .prefault({}),
  /** Deviation of size and duration from the seven-day mean that is reported. */
  anomaly: share.default(0.5),
  /** Where test restores run; the account's defaults where left out. */
  restore: z
    .strictObject({
      instanceClass: z.string().optional(),
      subnetGroup: z.string().optional(),
      securityGroups: z.array(z.string()).default([]),
      deadline: duration.prefault('2 hours'),
    })
    .prefault({}),
  checks: z.array(Check).min(1, 'a source without checks can never be PROVEN'),
});

export const Source = z.discriminatedUnion('kind', [RdsPostgres, ElastiCacheRedis, Kafka]);

export const Platform = z
  .strictObject({
    platform: z.string().regex(/^[a-z][a-z0-9-]{1,19}$/, 'lower case letters, digits and hyphens, 2 to 20'),
    regions: z.strictObject({ primary: region, recovery: region }),
    vault: z.strictObject({
      /** Object Lock in governance mode: no version in the vault can be removed earlier. */
      lock: duration,
      /** Every byte of every artefact is read again within this time. */
      rereadWithin: duration,
      /** Replication slower than this is reported. */
      replicationWithin: duration,
    }),
    /** VPC placement of the functions that log in to databases; left out, they run outside any VPC. */
    network: z
      .strictObject({ subnets: z.array(z.string()).min(1), securityGroups: z.array(z.string()).min(1) })
      .optional(),
    notifications: Notifications.prefault({}),
    schedules: z.strictObject({
      reconcile: schedule,
      retention: schedule,
      integrity: schedule,
      measure: schedule,
      report: schedule,
    }),
    sources: z.record(sourceName, Source).refine((sources) => Object.keys(sources).length > 0, 'at least one source'),
    /** Left out, there is no failover: backups only. */
    recovery: Recovery.optional(),
  })
  .refine(({ regions }) => regions.primary !== regions.recovery, {
    path: ['regions', 'recovery'],
    error: 'the recovery region must differ from the primary region',
  })
  .check(({ value: { sources, recovery }, issues }) => {
    const { database, cache, streams } = recovery ?? {};
    const named = [
      ...(database ? [{ path: ['recovery', 'database', 'source'], input: database.source, kind: 'rds-postgres' }] : []),
      ...(cache ? [{ path: ['recovery', 'cache', 'source'], input: cache.source, kind: 'elasticache-redis' }] : []),
      ...(streams ? [{ path: ['recovery', 'streams', 'source'], input: streams.source, kind: 'kafka' }] : []),
    ];
    for (const { path, input, kind } of named) {
      const found: string = (Object.hasOwn(sources, input) && sources[input]?.kind) || 'no such source';
      if (found !== kind)
        issues.push({
          code: 'custom',
          path,
          input,
          message: `expected the name of a source of kind ${kind}, which is ${found}`,
        });
    }
    for (const [name, source] of Object.entries(sources)) {
      const into = source.kind === 'kafka' ? source.verify.into : undefined;
      if (into === undefined || (into !== name && Object.hasOwn(sources, into) && sources[into]?.kind === 'kafka'))
        continue;
      issues.push({
        ...{ code: 'custom', path: ['sources', name, 'verify', 'into'], input: into },
        message: 'expected the name of another source of kind kafka, a test cluster',
      });
    }
    for (const [name, source] of Object.entries(sources)) {
      if (source.kind !== 'kafka' || !source.mirror) continue;
      const { target } = source.mirror;
      const into = Object.hasOwn(sources, target) && target !== name ? sources[target] : undefined;
      if (into?.kind !== 'kafka' || !into.connect)
        issues.push({
          ...{ code: 'custom', path: ['sources', name, 'mirror', 'target'], input: target },
          message: 'expected the name of another source of kind kafka that has `connect`: its workers mirror',
        });
    }
    const events = streams && sources[streams.source];
    if (events?.kind === 'kafka' && streams?.by === 'mirror' && !events.mirror)
      issues.push({
        ...{ code: 'custom', path: ['recovery', 'streams', 'by'], input: streams.by },
        message: `expected a mirror of ${streams.source}: sources["${streams.source}"].mirror`,
      });
    if (events?.kind === 'kafka' && streams?.by === 'archive' && Array.isArray(events.bootstrap))
      issues.push({
        ...{ code: 'custom', path: ['sources', streams?.source ?? '', 'bootstrap'], input: events.bootstrap },
        message: 'a failover switches to the cluster of the other region: expected { primary: […], recovery: […] }',
      });
  });

export type Platform = z.output<typeof Platform>;
export type Source = z.output<typeof Source>;
export type Kind = Source['kind'];
export type SourceOf<K extends Kind> = Extract<Source, { kind: K }>;
export type RdsSource = SourceOf<'rds-postgres'>;
export type RedisSource = SourceOf<'elasticache-redis'>;
export type KafkaSource = SourceOf<'kafka'>;
