// The phase that brings up the workloads of this region: the endpoints of database and cache are written into their config
// map, every deployment runs its replicas with that content, and the phase is done when every rollout is complete.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { openCluster } from '../../shared/kubernetes/clusters.ts';
import type { Kubernetes } from '../../shared/kubernetes/kubernetes.ts';
import type { PodState } from '../../shared/kubernetes/pods.ts';
import type { Rollout } from '../../shared/kubernetes/rollout.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { EndpointsUnknown, RolloutFailed } from './errors.ts';
import type { PhaseContext, Step } from './phases.ts';

type Workloads = NonNullable<Recovery['workloads']>;
type Deployment = Workloads['deployments'][number];

const WAIT_SECONDS = 5;
/** On the pods: digest of the config map they were started with. Kubernetes does not restart pods when one changes. */
const CONFIGURATION = 'lifeboat/configuration';
/** On the pods: the generation that failed before them. New pods, though nothing else is new. */
const RESTARTED_AFTER = 'lifeboat/restarted-after';
/** On the deployment: the generation whose failure was told. Found again, its cause is taken to be gone. */
const FAILED = 'lifeboat/failed-generation';

/** @throws {EndpointsUnknown} {RolloutFailed} and what the cluster may throw. */
export const switchWorkloads = async (context: PhaseContext, { signal }: Work): Promise<Step> => {
  const { workloads } = context.plan;
  if (!workloads) return { done: true, facts: { cluster: 'none' } };
  const { namespace, configMap } = workloads;
  const name = workloads.clusters[settings().role];
  const endpoints = endpointsFrom(context, workloads);
  const cluster = await openCluster(name, settings().region, signal);
  const standing = await cluster.configMap(namespace, configMap);
  const content = { ...standing, ...endpoints };
  const facts = { cluster: name, namespace, configMap, endpoints };
  if (context.rehearsal) return { done: true, facts: { ...facts, rehearsal: true, found: standing } };

  await context.stillHeld();
  if (digestOf(standing) !== digestOf(content)) await cluster.patchConfigMap(namespace, configMap, endpoints);
  for (const deployment of workloads.deployments) await bringUp(cluster, namespace, deployment, digestOf(content));
  return confirm(cluster, workloads, facts);
};

const Endpoint = z.object({ host: z.string().min(1), port: z.number().int().positive() });

/** What the phases before found or made, under the keys that the workloads read. */
const endpointsFrom = ({ factsOf, plan }: PhaseContext, { keys }: Workloads): Record<string, string> => {
  const endpointOf = (phase: 'database' | 'cache') => {
    const parsed = Endpoint.safeParse(factsOf(phase));
    if (parsed.success) return parsed.data;
    throw new EndpointsUnknown(`the phase "${phase}" has not said where workloads find it.`, {
      source: 'workloads',
      expected: 'host and port in its record',
      found: factsOf(phase) ?? 'no record that is done',
      next: 'Start the machine again with the same failoverId: it goes through that phase first.',
    });
  };
  const database = endpointOf('database');
  const cache = plan.cache && endpointOf('cache');
  const bootstrap = factsOf('streams')?.bootstrap;
  return {
    [keys.databaseHost]: database.host,
    [keys.databasePort]: `${database.port}`,
    ...(cache && { [keys.cacheHost]: cache.host, [keys.cachePort]: `${cache.port}` }),
    ...(typeof bootstrap === 'string' && { [keys.streamsBootstrap]: bootstrap }),
  };
};

const digestOf = (content: Record<string, string>): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
    .slice(0, 16);

/**
 * Replicas and restart in one write: a deployment that is scaled up after its new template was rolled out to no pods at all
 * counts as complete, and Kubernetes would never give it up. One that was scaled beyond its replicas is left so.
 */
const bringUp = async (cluster: Kubernetes, namespace: string, wanted: Deployment, digest: string): Promise<void> => {
  const { name, replicas } = wanted;
  const rollout = await cluster.rollout(namespace, name);
  const current = rollout.podAnnotations[CONFIGURATION] === digest;
  const failedBefore = rollout.failed !== undefined && rollout.annotations[FAILED] === `${rollout.generation}`;
  if (current && rollout.replicas >= replicas && !failedBefore) return;
  await cluster.patchDeployment(namespace, name, {
    replicas: Math.max(replicas, rollout.replicas),
    podAnnotations: {
      [CONFIGURATION]: digest,
      ...(failedBefore && { [RESTARTED_AFTER]: `${rollout.generation}` }),
    },
  });
};

const confirm = async (
  cluster: Kubernetes,
  { namespace, deployments }: Workloads,
  facts: { cluster: string } & Record<string, string | Record<string, string>>,
): Promise<Step> => {
  const states = await Promise.all(
    deployments.map(async ({ name }) => {
      const rollout = await cluster.rollout(namespace, name);
      const complete = rollout.waitingFor === undefined && !rollout.failed;
      return { name, rollout, pods: complete ? [] : await cluster.pods(namespace, rollout) };
    }),
  );
  const failed = states.filter(({ rollout }) => rollout.failed);
  if (failed.length > 0) {
    for (const { name, rollout } of failed)
      await cluster.patchDeployment(namespace, name, { annotations: { [FAILED]: `${rollout.generation}` } });
    throw new RolloutFailed('Kubernetes gave up waiting for the workloads.', {
      source: `${facts.cluster}, namespace ${namespace}`,
      expected: failed.map(({ name, rollout }) => `${name} with ${rollout.replicas} available replicas`).join(', '),
      found: failed.map(inWords).join('; '),
      next: 'Mend what the pods complain of, then redrive the execution: these deployments are restarted first.',
    });
  }
  const waiting = states.filter(({ rollout }) => rollout.waitingFor);
  if (waiting.length > 0) return { done: false, waitSeconds: WAIT_SECONDS, found: waiting.map(inWords).join('; ') };
  const running = states.map(({ name, rollout: { replicas, available } }) => ({ name, replicas, available }));
  return { done: true, facts: { ...facts, deployments: running } };
};

/** As many pods as tell the cause; the others will say the same. */
const TOLD = 3;

const inWords = ({ name, rollout, pods }: { name: string; rollout: Rollout; pods: PodState[] }): string => {
  const unready = pods.filter(({ ready, reason }) => !ready && reason !== 'Terminating');
  const reasons = unready
    .slice(0, TOLD)
    .map((pod) => `${pod.name}: ${[pod.reason, pod.message].filter(Boolean).join(', ')} (${pod.restarts} restarts)`);
  return [`${name}: ${rollout.failed ?? rollout.waitingFor}`, ...reasons].join(' | ');
};
