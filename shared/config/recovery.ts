import { z } from 'zod';
import { recordType } from '../recovery/dns.ts';
import { duration, schedule, share } from './units.ts';

const source = z.string().regex(/^[a-z][a-z0-9-]{0,26}$/, 'the name of a configured source');
const kubernetesName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, 'a Kubernetes name');
const hostName = z
  .string()
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, 'a host name in lower case');
const target = z.union([hostName, z.ipv4()], { error: 'a host name or an IPv4 address' });
const url = z.url({ protocol: /^https?$/, error: 'a URL that begins with http:// or https://' });
const percent = share.refine((value) => value > 0 && value <= 1, 'a share above 0 %, at most 100 %');

const DnsRecord = z
  .strictObject({ name: hostName, primary: target, recovery: target })
  .refine(({ primary, recovery }) => primary !== recovery, {
    path: ['recovery'],
    error: 'the target in the recovery region must differ from the one in the primary region',
  })
  .refine(({ primary, recovery }) => recordType(primary) === recordType(recovery), {
    path: ['recovery'],
    error: 'both targets must be host names, or both addresses',
  });

const Dns = z
  .strictObject({
    /** `health-check`: records decided by a health check that the recovery region switches; `records`: records are changed. */
    mode: z.enum(['health-check', 'records']).default('health-check'),
    zoneId: z.string().regex(/^Z[A-Z0-9]{1,31}$/, 'the id of a hosted zone, such as Z0123456789ABCDEFGHIJ'),
    zone: hostName,
    ttl: duration.prefault('60 seconds'),
    records: z.array(DnsRecord).min(1),
  })
  .check(({ value: { zone, records }, issues }) => {
    for (const [at, { name, primary }] of records.entries()) {
      const wrong = (message: string) =>
        issues.push({ code: 'custom', path: ['records', at, 'name'], input: name, message });
      if (name !== zone && !name.endsWith(`.${zone}`)) wrong(`expected a name in the zone ${zone}`);
      // RFC 1034: the top of a zone has other records beside it, and a CNAME stands alone.
      if (name === zone && recordType(primary) === 'CNAME')
        wrong('the name of the zone itself cannot lead to a host name; give addresses, or a name below it');
      if (records.findIndex((other) => other.name === name) < at) wrong('the name is listed twice');
    }
  });

const Workloads = z.strictObject({
  /** Names of the EKS clusters. */
  clusters: z.strictObject({ primary: z.string().min(1), recovery: z.string().min(1) }),
  namespace: kubernetesName,
  /** What the workloads read their endpoints from, and the keys to write. */
  configMap: kubernetesName,
  keys: z.strictObject({
    databaseHost: z.string().default('DATABASE_HOST'),
    databasePort: z.string().default('DATABASE_PORT'),
    cacheHost: z.string().default('CACHE_HOST'),
    cachePort: z.string().default('CACHE_PORT'),
    streamsBootstrap: z.string().default('KAFKA_BOOTSTRAP'),
  }),
  deployments: z.array(z.strictObject({ name: kubernetesName, replicas: z.int().min(1).max(1000) })).min(1),
});

/** Times of the year, not of every few hours. */
const yearly = schedule.refine(
  (text) => text.startsWith('cron('),
  'a drill is planned by cron(…), such as "cron(0 9 8 4 ? *)"',
);
const announced = {
  /** When people are told that it will be. */
  schedule: yearly,
  /** How long after that it begins. */
  notice: duration.prefault('7 days'),
};
/** `copy`: everything is made beside production and removed again; `real`: the platform moves, and customers with it. */
const mode = z.enum(['copy', 'real']).default('copy');

/**
 * The four kinds of a year. `tabletop`: people go through the plan and its questions; `partial`: the database, and whether infrastructure could be built;
 * `full`: every phase; `surprise`: the same at a moment of its window that nobody knows, people included.
 */
const Rehearsal = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tabletop'), ...announced }),
  z.strictObject({ kind: z.literal('partial'), ...announced }),
  z.strictObject({ kind: z.literal('full'), mode, ...announced }),
  z.strictObject({
    kind: z.literal('surprise'),
    mode,
    /** When its window opens. Nobody is told. */
    schedule: yearly,
    within: duration.prefault('30 days'),
  }),
]);
export type Rehearsal = z.output<typeof Rehearsal>;

const TARGETS = {
  fence: '2 minutes',
  database: '15 minutes',
  cache: '5 minutes',
  streams: '30 minutes',
  infrastructure: '30 minutes',
  workloads: '10 minutes',
  dns: '5 minutes',
  health: '5 minutes',
  monitoring: '5 minutes',
  validate: '10 minutes',
} as const;

/** How the platform moves to the other region: what is watched, who decides, what is done, in which time. */
export const Recovery = z
  .strictObject({
    objectives: z.strictObject({ rto: duration, rpo: duration }),
    /** `pre-authorised`: two bad assessments in a row start the failover; `required`: a person approves within the deadline. */
    approval: z.strictObject({
      mode: z.enum(['required', 'pre-authorised']).default('required'),
      deadline: duration.prefault('15 minutes'),
    }),
    assessment: z.strictObject({
      schedule,
      /** Assessments in a row that have to agree. */
      confirmations: z.int().min(2).max(10).default(2),
      /** Share of the answering signals' weight that has to say "down". */
      quorum: percent.prefault('60 %'),
      /** Asked from the recovery region, as a customer would. */
      probes: z.array(z.strictObject({ name: z.string().min(1), url })).min(1),
      timeout: duration.prefault('5 seconds'),
      /** Ask AWS Health, too. It answers accounts with a support plan; without one the assessment is less sure, and says so. */
      awsHealth: z.boolean().default(true),
    }),
    /** A row written again and again: the newest one found afterwards says what was lost. */
    canary: z.strictObject({ schedule, every: duration.prefault('5 seconds') }),
    /** When the plan and its runbook are written anew, where the platform would move to; left out, on demand only. */
    plan: z.strictObject({ schedule }).optional(),
    /** Rehearsals of the failover, through the year. */
    drills: z
      .array(Rehearsal)
      .default([])
      .refine((drills) => new Set(drills.map(({ kind }) => kind)).size === drills.length, 'each kind of drill once'),
    database: z.strictObject({
      source,
      /** Roles of the application: those that write. Fencing ends their sessions and refuses their login. */
      fence: z.strictObject({ roles: z.array(z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/i, 'a database role')).min(1) }),
      /** How long a replica may take to apply what a reachable, fenced primary has written. */
      catchUp: duration.prefault('2 minutes'),
    }),
    cache: z.strictObject({ source }).optional(),
    /**
     * A source of kind `kafka`. `archive`: it has a cluster in each region, and its topics come from their newest archive; `mirror`: the cluster that
     * it is mirrored into takes its place.
     */
    streams: z.strictObject({ source, by: z.enum(['archive', 'mirror']).default('archive') }).optional(),
    /** A CodeBuild project that runs the user's CDK or Terraform; of this name in both regions, for the way back. */
    infrastructure: z.strictObject({ project: z.string().min(1) }).optional(),
    workloads: Workloads.optional(),
    dns: Dns.optional(),
    /** What customers use. Healthy is an answer of 2xx within the time, at the 95th percentile. */
    endpoints: z.array(z.strictObject({ name: z.string().min(1), url, within: duration.prefault('2 seconds') })).min(1),
    /** Time each phase should take; the report compares. */
    targets: z
      .strictObject({
        fence: duration.prefault(TARGETS.fence),
        database: duration.prefault(TARGETS.database),
        cache: duration.prefault(TARGETS.cache),
        streams: duration.prefault(TARGETS.streams),
        infrastructure: duration.prefault(TARGETS.infrastructure),
        workloads: duration.prefault(TARGETS.workloads),
        dns: duration.prefault(TARGETS.dns),
        health: duration.prefault(TARGETS.health),
        monitoring: duration.prefault(TARGETS.monitoring),
        validate: duration.prefault(TARGETS.validate),
      })
      .prefault({}),
  })
  .refine(({ dns, targets }) => !dns || dns.ttl <= targets.dns, {
    path: ['dns', 'ttl'],
    error: 'resolvers would remember the old region longer than the phase may take (targets.dns)',
  });
export type Recovery = z.output<typeof Recovery>;
