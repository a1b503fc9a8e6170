// What a plan finds in the region that would take over. Every look only asks, and one that is not answered is told.
import { DescribeAccountAttributesCommand } from '@aws-sdk/client-rds';
import { rds } from '../../shared/aws/clients.ts';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import { snapshotIn } from '../../shared/catalog/snapshots.ts';
import { now } from '../../shared/clock.ts';
import { configuration, rdsSourceNamed, redisSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { LifeboatError } from '../../shared/errors.ts';
import { newestArchiveHere } from '../../shared/kafka/newest.ts';
import { findCluster } from '../../shared/kubernetes/find-cluster.ts';
import { findInstance, instanceIn } from '../../shared/rds/instances.ts';
import type { Readiness } from '../../shared/recovery/assessment.ts';
import type { Quota } from '../../shared/recovery/plan.ts';
import { chooseArchive, isChecked } from '../../shared/redis/archives.ts';
import { findGroup, groupHere } from '../../shared/redis/groups.ts';
import { findProject } from './build-projects.ts';
import { failureOfCall } from './call-failures.ts';
import { newestHere } from './database-restores.ts';
import type { Situation } from './planned-calls.ts';
import { topicsThere } from './streams.ts';

export interface Seen {
  situation: Situation;
  readiness: Readiness;
  quotas: Quota[];
  /** What was not answered, and why. */
  notChecked: string[];
}

export const lookAround = async (plan: Recovery): Promise<Seen> => {
  const { region: to, peer } = settings();
  const [database, cache, streams, infrastructure, cluster] = await Promise.all([
    databaseHere(plan, to),
    cacheHere(plan),
    streamsHere(plan),
    projectHere(plan, to),
    clusterHere(plan, to),
  ]);
  const quotas = await quotasHere(database.situation.way === 'snapshot' ? 1 : 0);
  const looks = [database, cache, streams, infrastructure, cluster, quotas];
  return {
    situation: {
      ...{ plan, from: peer.region, to, database: database.situation },
      ...(cache.situation ? { cache: cache.situation } : {}),
      ...(streams.situation ? { streams: streams.situation } : {}),
    },
    readiness: looks.flatMap(({ readiness = [] }: Look) => readiness),
    quotas: quotas.quotas,
    notChecked: looks.flatMap(({ notChecked = [] }: Look) => notChecked),
  };
};

/** Of everything beside the database: whether it is there. What is not answered is not ready, and says why. */
export const readinessHere = async (plan: Recovery): Promise<Readiness> => {
  const { region: to } = settings();
  const looks: Look[] = await Promise.all([
    ...[cacheHere(plan), streamsHere(plan), brokersHere(plan), projectHere(plan, to), clusterHere(plan, to)],
  ]);
  return looks.flatMap(({ readiness = [], notChecked = [] }) => [
    ...readiness,
    ...notChecked.map((found) => ({ step: 'what could not be asked', ready: false, found })),
  ]);
};

interface Look {
  readiness?: Readiness;
  notChecked?: string[];
}

const databaseHere = async (
  { database: { source } }: Recovery,
  to: string,
): Promise<Look & { situation: Situation['database'] }> => {
  const instance = instanceIn(rdsSourceNamed(source), to);
  const step = `the database of ${source}`;
  const asked = await answered(step, () => findInstance(instance));
  if ('why' in asked) return { situation: { instance, way: 'unknown' }, notChecked: [asked.why] };
  const { answer: found } = asked;
  if (found) {
    const { DBInstanceStatus: status, ReadReplicaSourceDBInstanceIdentifier: followed } = found;
    const what = followed ? `${instance}, ${status}, a replica of ${followed}` : `${instance}, ${status}, no replica`;
    return {
      situation: { instance, way: 'replica' },
      readiness: [{ step, ready: status === 'available' && followed !== undefined, found: what }],
    };
  }
  const newest = await orMissing(() => newestHere(source, to));
  const snapshot = newest && snapshotIn(newest, to);
  return {
    situation: { instance, way: 'snapshot', ...(snapshot ? { snapshot } : {}) },
    readiness: [
      {
        ...{ step, ready: snapshot !== undefined },
        found: snapshot ? `no replica: ${snapshot} would be restored` : `no ${instance}, and no snapshot to restore`,
      },
    ],
  };
};

const cacheHere = async ({ cache }: Recovery): Promise<Look & { situation?: Situation['cache'] }> => {
  if (!cache) return {};
  const { source } = cache;
  const group = groupHere(redisSourceNamed(source));
  const archive = await orMissing(() => chooseArchive(source, { before: now(), usable: isChecked }));
  const asked = await answered(`the name ${group}`, () => findGroup(group));
  return {
    situation: { group, ...(archive ? { archive: archive.id } : {}) },
    readiness: [
      {
        ...{ step: `an archive of ${source}`, ready: archive !== undefined },
        found: archive ? `${archive.id}, of ${archive.pointInTime ?? archive.scheduledAt}` : 'none that was read whole',
      },
      ...('why' in asked
        ? []
        : [
            {
              ...{ step: `a free name for the cache of ${source}`, ready: asked.answer === undefined },
              found: asked.answer ? `${group} is there already, ${asked.answer.Status}` : `${group} is free`,
            },
          ]),
    ],
    notChecked: 'why' in asked ? [asked.why] : [],
  };
};

const streamsHere = async ({ streams }: Recovery): Promise<Look & { situation?: Situation['streams'] }> => {
  if (streams?.by !== 'archive') return {};
  const newest = await newestArchiveHere(streams.source, now());
  const found = newest
    ? `${newest.point.id}, of ${newest.index.takenAt}, ${newest.index.topics.length} topics`
    : 'none of which everything is here';
  return {
    situation: newest ? { archive: newest.point.id } : {},
    readiness: [{ step: `an archive of ${streams.source}`, ready: newest !== undefined, found }],
  };
};

/** How steps begin that only an assessment looks at: a plan stands outside the network that leads to the brokers. */
export const BROKERS = 'the brokers of ';

/** Whether they answer, and have none of the topics that would be restored. */
const brokersHere = async ({ streams }: Recovery): Promise<Look> => {
  if (streams?.by !== 'archive') return {};
  const { source } = streams;
  const step = `${BROKERS}${source}`;
  const newest = await newestArchiveHere(source, now());
  const asked = await answered(step, () => topicsThere(source, new Set(newest?.index.topics.map(({ name }) => name))));
  if ('why' in asked) return { readiness: [{ step, ready: false, found: asked.why }] };
  const there = asked.answer;
  const found = there.length > 0 ? `${there.join(', ')}: there already` : 'no topic is in the way';
  return { readiness: [{ step, ready: there.length === 0, found }] };
};

const projectHere = async ({ infrastructure }: Recovery, to: string): Promise<Look> => {
  if (!infrastructure) return {};
  const { project } = infrastructure;
  const step = `the build of ${project}`;
  const asked = await answered(step, () => findProject(project));
  if ('why' in asked) return { notChecked: [asked.why] };
  const found = asked.answer ? 'a project of CodeBuild' : `CodeBuild has no project of this name in ${to}`;
  return { readiness: [{ step, ready: asked.answer !== undefined, found }] };
};

const clusterHere = async ({ workloads }: Recovery, to: string): Promise<Look> => {
  if (!workloads) return {};
  const name = workloads.clusters[settings().role];
  const asked = await answered(`the cluster ${name}`, () => findCluster(name, to));
  if ('why' in asked) return { notChecked: [asked.why] };
  const status = asked.answer?.status;
  const ready = status === 'ACTIVE' || status === 'UPDATING';
  return { readiness: [{ step: `the cluster ${name}`, ready, found: status ?? `EKS has none of this name in ${to}` }] };
};

/**
 * Names as RDS gives them (AccountQuota, RDS API reference, 2026-11). Instances are needed where one is restored, snapshots
 * because backups go on here.
 */
const quotasHere = async (instances: number): Promise<Look & { quotas: Quota[] }> => {
  const needs = { DBInstances: instances, ManualSnapshots: 1 };
  const asked = await answered('the quotas of RDS', () => rds().send(new DescribeAccountAttributesCommand({})));
  if ('why' in asked) return { quotas: [], notChecked: [asked.why] };
  const found = asked.answer.AccountQuotas ?? [];
  return {
    quotas: Object.entries(needs).flatMap(([quota, needed]) => {
      const { Used: used = 0, Max: max } = found.find(({ AccountQuotaName }) => AccountQuotaName === quota) ?? {};
      return max === undefined ? [] : [{ name: `RDS ${quota}`, used, max, needed, enough: used + needed <= max }];
    }),
  };
};

/** An answer, or why there is none. What is not AWS's refusal or silence is our own fault, and is thrown. */
const answered = async <T>(what: string, ask: () => Promise<T>): Promise<{ answer: T } | { why: string }> => {
  try {
    return { answer: await ask() };
  } catch (error) {
    const refused = error instanceof Error && '$metadata' in error;
    // What brokers answer, or that they do not, has a name of ours.
    if (!(refused || isUnreachable(error) || error instanceof LifeboatError)) throw error;
    return { why: `${what}: ${failureOfCall(error).evidence}` };
  }
};

const orMissing = async <T>(find: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await find();
  } catch (error) {
    if (error instanceof RecoveryPointMissing) return undefined;
    throw error;
  }
};

/** What stops a phase and cannot be asked with the permissions a plan has. */
export const neverChecked = ({ cache, infrastructure, workloads }: Recovery): string[] => [
  'policies of keys and buckets, which IAM does not simulate for roles: permissions are those of the roles',
  'capacity of the instance class in the region',
  ...(cache ? [`the quota of ElastiCache nodes: ${nodesOf(cache.source)} are needed`] : []),
  ...(infrastructure ? [`what the build of ${infrastructure.project} would change, and what its role allows`] : []),
  ...(workloads ? ['what the cluster allows the role, and whether its nodes have room'] : []),
  ...(configuration().network ? ['free addresses in the subnets of the functions'] : []),
];

const nodesOf = (source: string): number => redisSourceNamed(source).recovery.replicas + 1;
