import { z } from 'zod';

const time = z.iso.datetime();

/** One object in the vault that belongs to a recovery point. Digests are those computed before or while it was written, or first read. */
export const Artifact = z.strictObject({
  uri: z.string().regex(/^s3:\/\//),
  versionId: z.string().optional(),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** As S3 stores it: base64 of eight bytes. */
  crc64nvme: z.string(),
  /** What wrote it: ours are digested on the way in; AWS wrote the other, and its digest is that of the first complete reading. */
  writer: z.enum(['lifeboat', 'aws']),
  /** Set on manifests: how many further objects this document lists, each as an artefact of its own. */
  lists: z.int().nonnegative().optional(),
});
export type Artifact = z.output<typeof Artifact>;

export const VERDICTS = ['PROVEN', 'INTACT', 'INCONCLUSIVE', 'FAILED'] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.output<typeof Verdict>;

/** One attempt to prove a recovery point; the whole evidence stands at `evidence`. */
export const Verification = z.strictObject({
  at: time,
  verdict: Verdict,
  reason: z.string(),
  checks: z.int().nonnegative(),
  failedChecks: z.array(z.string()),
  /** Seconds from asking for the restore until the database answered with its first full read. */
  restoreSeconds: z.number().nonnegative().optional(),
  execution: z.string(),
  evidence: z.string(),
});
export type Verification = z.output<typeof Verification>;

/** A copy of the snapshot in another region. */
export const Copy = z.strictObject({
  region: z.string(),
  snapshotId: z.string(),
  status: z.enum(['waiting', 'copying', 'available', 'failed']),
  requestedAt: time.optional(),
  attempts: z.int().nonnegative(),
  completedAt: time.optional(),
  /** Seconds from the snapshot's own time until the copy could be restored from. */
  lagSeconds: z.number().nonnegative().optional(),
});
export type Copy = z.output<typeof Copy>;

/** What people have still to be told of a point: noted by the write that makes it true, taken off once they were told. */
const Telling = z.strictObject({ what: z.enum(['unusual', 'completed late', 'copied late']), since: time });
export type Telling = z.output<typeof Telling>;

/** What can be protected. A point of another kind is not understood, and is an error. */
export const KINDS = ['rds-postgres', 'elasticache-redis', 'kafka'] as const;

/** What a restore starts from: the snapshot itself, the archive that was exported from it, or all archives up to one. */
export const RESTORED_FROM = { 'rds-postgres': 'snapshot', 'elasticache-redis': 'export', kafka: 'archive' } as const;

/** Databases know the first three, caches the last two, Kafka the last. */
const RETENTION_CLASSES = ['daily', 'pre-change', 'compliance', 'snapshot', 'archive'] as const;

export const STATUSES = ['started', 'stored', 'verified', 'failed', 'expired'] as const;
export type Status = (typeof STATUSES)[number];

/** What the RDB file of a cache holds. `not understood` where a newer engine wrote it: then nothing is known but its bytes. */
export const Archive = z.strictObject({
  checked: z.enum(['whole', 'not understood']),
  keys: z.int().nonnegative().optional(),
  expiring: z.int().nonnegative().optional(),
  rdbVersion: z.int().optional(),
  /** Where counts by type and database and the digests of the content stand. */
  summary: z.string().optional(),
});

/** Everything that can be restored from, as one document of the catalogue. */
export const RecoveryPoint = z.strictObject({
  schemaVersion: z.literal(1),
  /** `<source>-<scheduled time>-<purpose or method>`: a retried event finds its own work. */
  id: z.string().regex(/^[a-z][a-z0-9-]*-\d{8}t\d{6}z-[a-z-]+$/),
  source: z.string(),
  kind: z.enum(KINDS),
  method: z.enum(['snapshot', 'export', 'archive']),
  purpose: z.enum(['scheduled', 'on-demand', 'pre-migration', 'pre-recovery', 'compliance']),
  status: z.enum(STATUSES),
  scheduledAt: time,
  startedAt: time,
  storedAt: time.optional(),
  /** The moment whose data this is: of a snapshot its own time, of an export that of its snapshot. */
  pointInTime: time.optional(),
  /** AWS's name of the thing: snapshot identifier or export task identifier. */
  nativeId: z.string(),
  /** RDS refused the snapshot for want of quota: what has to come before it is done, and it is asked for at every look. */
  waitsForQuotaSince: time.optional(),
  /** The recovery point this one was made from. */
  parent: z.string().optional(),
  /** Only these tables; all where left out. */
  tables: z.array(z.string()).optional(),
  sizeBytes: z.number().nonnegative().optional(),
  durationSeconds: z.number().nonnegative().optional(),
  engineVersion: z.string().optional(),
  /** The credential that opens a database restored from this point: the secret and the version that was current then. */
  credential: z.strictObject({ secret: z.string(), versionId: z.string() }).optional(),
  /** Where the content fingerprints taken before and after the snapshot stand; why not, where they are missing. */
  fingerprint: z
    .strictObject({ before: z.string().optional(), after: z.string().optional(), missing: z.string().optional() })
    .optional(),
  /** Of a cache: where its snapshot was taken, and what reading its archive from end to end found. */
  cache: z
    .strictObject({
      node: z.string(),
      /** `redis` or `valkey`. */
      engine: z.string(),
      /** How often its export was asked for. */
      exports: z.int().nonnegative().optional(),
      archive: Archive.optional(),
    })
    .optional(),
  artifacts: z.array(Artifact),
  copies: z.array(Copy),
  retention: z.strictObject({ class: z.enum(RETENTION_CLASSES), expiresAt: time }),
  verifications: z.array(Verification),
  failure: z.string().optional(),
  toTell: z.array(Telling).optional(),
  tool: z.string(),
});
export type RecoveryPoint = z.output<typeof RecoveryPoint>;
