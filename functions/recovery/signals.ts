// Independent looks at the region that may be lost, taken from the region that would take over. Each ends within its
// time; what cannot be asked (no permission, throttled) is unknown, what does not answer is down.
import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeEventsCommand, type Event } from '@aws-sdk/client-health';
import { DescribeDBInstancesCommand } from '@aws-sdk/client-rds';
import { cloudwatch, health, rds } from '../../shared/aws/clients.ts';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Session } from '../../shared/postgres/session.ts';
import type { Signal } from '../../shared/recovery/assessment.ts';
import { NAMESPACE } from '../../shared/telemetry/metrics.ts';
import { failureOfCall } from './call-failures.ts';

type Look = Pick<Signal, 'says' | 'evidence'>;

/** One signal: asked once, timed, never longer than its bound. */
const signal = async (
  name: string,
  weight: number,
  timeoutSeconds: number,
  look: (bound: AbortSignal) => Promise<Look>,
): Promise<Signal> => {
  const began = performance.now();
  const seen = await look(AbortSignal.timeout(timeoutSeconds * 1000)).catch(failureOfCall);
  return { name, weight, ...seen, milliseconds: Math.round(performance.now() - began) };
};

/** What a customer would see: each probe asked once, from here. Together they weigh most. */
export const probeSignals = ({ assessment: { probes, timeout } }: Recovery): Promise<Signal>[] =>
  probes.map(({ name, url }) =>
    signal(`probe ${name}`, 4 / probes.length, timeout, async (bound) => {
      const answer = await fetch(url, { signal: bound, redirect: 'manual', headers: { connection: 'close' } });
      await answer.body?.cancel();
      return { says: answer.ok ? 'up' : 'down', evidence: `${url} answered ${answer.status}` };
    }),
  );

// States of an instance that serves (RDS user guide, "Viewing Amazon RDS DB instance status", 2026-11).
const SERVING = [
  'available',
  'backing-up',
  'configuring-enhanced-monitoring',
  'configuring-log-exports',
  'modifying',
  'storage-optimization',
  'upgrading',
  'renaming',
];

/** The region's RDS, asked about the database. */
export const databaseApiSignal = ({ database, assessment }: Recovery): Promise<Signal> =>
  signal('RDS API', 2, assessment.timeout, async (bound) => {
    const { instance } = rdsSourceNamed(database.source);
    const { DBInstances } = await rds(settings().peer.region).send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }),
      { abortSignal: bound },
    );
    const status = DBInstances?.[0]?.DBInstanceStatus ?? 'missing';
    return { says: SERVING.includes(status) ? 'up' : 'down', evidence: `${instance} is ${status}` };
  });

/** Older than this, what our own functions there measure every few minutes has stopped. */
const SILENT_SECONDS = 15 * 60;

/** What our functions in that region measured last: they run, and CloudWatch there takes it in. */
export const metricsSignal = ({ database, assessment }: Recovery): Promise<Signal> =>
  signal('metrics', 1, assessment.timeout, async (bound) => {
    const { Datapoints = [] } = await cloudwatch(settings().peer.region).send(
      new GetMetricStatisticsCommand({
        Namespace: NAMESPACE,
        MetricName: 'AchievableRpo',
        Dimensions: [
          { Name: 'service', Value: settings().service },
          { Name: 'source', Value: database.source },
        ],
        StartTime: new Date(now().getTime() - 2 * SILENT_SECONDS * 1000),
        EndTime: now(),
        Period: 60,
        Statistics: ['Maximum'],
      }),
      { abortSignal: bound },
    );
    const newest = Math.max(...Datapoints.map(({ Timestamp }) => Timestamp?.getTime() ?? 0), 0);
    const age = secondsBetween(new Date(newest), now());
    return newest === 0
      ? {
          says: 'down',
          evidence: `CloudWatch has nothing measured there in the last ${(2 * SILENT_SECONDS) / 60} minutes`,
        }
      : { says: age < SILENT_SECONDS ? 'up' : 'down', evidence: `last measured there ${Math.round(age)} s ago` };
  });

/** Where AWS Health answers (its user guide, "Accessing the AWS Health API", 2026-11): one is active, the other stands by. */
const HEALTH_REGIONS = ['us-east-1', 'us-east-2'];

/**
 * What AWS itself says of the region: an open issue of a service that the platform stands on. AWS tells minutes late, so it
 * weighs little, and its silence says nothing about the region.
 */
export const healthSignals = (plan: Recovery): Promise<Signal>[] =>
  plan.assessment.awsHealth
    ? [
        signal('AWS Health', 1, plan.assessment.timeout, async (bound) => {
          const events = await openIssues(plan, bound);
          if (!events) return { says: 'unknown', evidence: `no answer from ${HEALTH_REGIONS.join(' and ')}` };
          const [newest] = events;
          return newest
            ? {
                says: 'down',
                evidence: `${events.map(({ eventTypeCode }) => eventTypeCode).join(', ')}, since ${newest.startTime?.toISOString()}`,
              }
            : { says: 'up', evidence: 'no open issue' };
        }),
      ]
    : [];

/** Undefined where neither endpoint answers. The one of the region that may be lost is asked last. */
const openIssues = async ({ cache, workloads }: Recovery, abortSignal: AbortSignal): Promise<Event[] | undefined> => {
  const { region } = settings().peer;
  const filter = {
    regions: [region],
    services: ['EC2', 'RDS', ...(cache ? ['ELASTICACHE'] : []), ...(workloads ? ['EKS', 'ELASTICLOADBALANCING'] : [])],
    eventStatusCodes: ['open' as const],
    eventTypeCategories: ['issue' as const],
  };
  for (const at of HEALTH_REGIONS.toSorted((a, b) => Number(a === region) - Number(b === region)))
    try {
      const { events = [] } = await health(at).send(new DescribeEventsCommand({ filter }), { abortSignal });
      return events;
    } catch (error) {
      if (!isUnreachable(error)) throw error;
    }
  return undefined;
};

/** A replica hears from its source at least every ten seconds (wal_receiver_status_interval, PostgreSQL 15). */
const HEARD_WITHIN_SECONDS = 60;

/** The replica's own view of the database it follows. */
export const replicaSignal = ({ assessment }: Recovery, replica: Session | Error): Promise<Signal> =>
  signal('replica', 2, assessment.timeout, async () => {
    if (replica instanceof Error) return { says: 'unknown', evidence: replica.message };
    const receivers = await replica.rows(
      `SELECT status, extract(epoch FROM clock_timestamp() - last_msg_receipt_time)::text AS heard FROM pg_stat_wal_receiver`,
    );
    const receiver = receivers[0];
    if (!receiver) return { says: 'down', evidence: 'the replica receives nothing from its source' };
    const { status, heard } = receiver;
    // Without the privilege PostgreSQL shows the row and hides what is in it.
    if (status === null) return { says: 'unknown', evidence: 'the login may not see it: grant it pg_monitor' };
    const recently = status === 'streaming' && Number(heard) < HEARD_WITHIN_SECONDS;
    return {
      says: recently ? 'up' : 'down',
      evidence: `${status}, last heard of its source ${Math.round(Number(heard))} s ago`,
    };
  });
