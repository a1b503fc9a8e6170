// An EKS cluster, entered with the function's own role: endpoint and certificate authority from DescribeCluster, the token
// made here.
import type { Cluster } from '@aws-sdk/client-eks';
import {
  AppsV1Api,
  CoreV1Api,
  createConfiguration,
  DiscoveryV1Api,
  KubeConfig,
  PatchStrategy,
  ServerConfiguration,
  setHeaderOptions,
} from '@kubernetes/client-node';
import { eks } from '../aws/clients.ts';
import { ClusterMissing } from './errors.ts';
import { failureOf } from './failures.ts';
import { findCluster } from './find-cluster.ts';
import type { Kubernetes } from './kubernetes.ts';
import { isReady, stateOf } from './pods.ts';
import { rolloutOf } from './rollout.ts';
import { clusterToken } from './token.ts';

/** Of one request. A cluster that takes longer is as good as not there. */
const REQUEST_MS = 10_000;
/** Warnings are kept an hour; of a namespace in trouble the first page is enough. */
const WARNINGS = 500;

/**
 * Opens a cluster for as long as its token is good: 15 minutes, a function's longest life.
 * @throws {ClusterMissing} when EKS has none of this name, or it is not active.
 */
export const openCluster = async (name: string, region: string, signal?: AbortSignal): Promise<Kubernetes> => {
  const { endpoint = '', certificateAuthority } = await describe(name, region);
  const token = await clusterToken(name, region, eks(region).config.credentials);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(
    { name, server: endpoint, caData: certificateAuthority?.data ?? '', skipTLSVerify: false },
    { name: 'lifeboat', token },
  );
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(endpoint, {}),
    authMethods: { default: kubeConfig },
    promiseMiddleware: [
      {
        pre: async (request) => {
          request.setSignal(AbortSignal.any([AbortSignal.timeout(REQUEST_MS), ...(signal ? [signal] : [])]));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  return kubernetes(name, configuration);
};

const describe = async (name: string, region: string): Promise<Cluster> => {
  const cluster = await findCluster(name, region);
  if (cluster?.status === 'ACTIVE' || cluster?.status === 'UPDATING') return cluster;
  throw new ClusterMissing('there is no such cluster to work with.', {
    source: `${name} in ${region}`,
    expected: 'an active EKS cluster',
    found: cluster?.status ?? 'none of this name',
    next: 'Build it (the infrastructure phase does, where it is configured), or correct its name in the configuration, and redrive.',
  });
};

const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);

const kubernetes = (cluster: string, configuration: ReturnType<typeof createConfiguration>): Kubernetes => {
  const core = new CoreV1Api(configuration);
  const apps = new AppsV1Api(configuration);
  const discovery = new DiscoveryV1Api(configuration);
  const ask = async <T>(namespace: string, object: string, action: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await run();
    } catch (error) {
      throw failureOf(error, { cluster, namespace, object, action });
    }
  };

  return {
    configMap: (namespace, name) =>
      ask(namespace, `configmap ${name}`, 'get', async () => {
        const { data } = await core.readNamespacedConfigMap({ namespace, name });
        return data ?? {};
      }),
    patchConfigMap: (namespace, name, data) =>
      ask(namespace, `configmap ${name}`, 'patch', async () => {
        await core.patchNamespacedConfigMap({ namespace, name, body: { data } }, MERGE);
      }),
    rollout: (namespace, name) =>
      ask(namespace, `deployment ${name}`, 'get', async () =>
        rolloutOf(await apps.readNamespacedDeployment({ namespace, name })),
      ),
    patchDeployment: (namespace, name, { replicas, podAnnotations, annotations }) =>
      ask(namespace, `deployment ${name}`, 'patch', async () => {
        const spec = {
          ...(replicas !== undefined && { replicas }),
          ...(podAnnotations && { template: { metadata: { annotations: podAnnotations } } }),
        };
        const body = { ...(annotations && { metadata: { annotations } }), spec };
        await apps.patchNamespacedDeployment({ namespace, name, body }, MERGE);
      }),
    pods: async (namespace, { selector: labelSelector }) => {
      const list = () => core.listNamespacedPod({ namespace, labelSelector });
      const { items } = await ask(namespace, `pods ${labelSelector}`, 'list', list);
      if (items.every(isReady)) return items.map((pod) => stateOf(pod, []));
      const fieldSelector = 'involvedObject.kind=Pod,type=Warning';
      const warnings = () => core.listNamespacedEvent({ namespace, fieldSelector, limit: WARNINGS });
      const events = await ask(namespace, 'events', 'list', warnings);
      return items.map((pod) => stateOf(pod, events.items));
    },
    endpoints: (namespace, service) =>
      ask(namespace, `service ${service}`, 'list endpointslices', async () => {
        const labelSelector = `kubernetes.io/service-name=${service}`;
        const { items } = await discovery.listNamespacedEndpointSlice({ namespace, labelSelector });
        return items.flatMap(({ endpoints = [], ports = [] }) =>
          endpoints
            // A condition left out is to be taken as ready (EndpointConditions, Kubernetes API reference, 2026-11).
            .filter(({ conditions }) => conditions?.ready ?? true)
            .flatMap(({ addresses }) =>
              addresses.flatMap((address) => (ports ?? []).map(({ port }) => `${address}:${port}`)),
            ),
        );
      }),
  };
};
