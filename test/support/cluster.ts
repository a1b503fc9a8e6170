// A Kubernetes cluster of the local region for tests, with a small web server as its workload.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { type Deployment, isReady, type Pod } from '../../local/services/eks/api/objects.ts';
import { DEPLOYMENTS, PODS } from '../../local/services/eks/api/resources.ts';
import type { Cluster } from '../../local/services/eks/clusters.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../local/world.ts';

/** Pods have addresses of their own; a port nobody else is likely to have taken on all addresses. */
export const POD_PORT = 21_080;
export const IMAGE = 'lifeboat.local/web:1';
const PROGRAM = path.resolve(import.meta.dirname, 'programs/web.ts');

export interface TestCluster extends AsyncDisposable {
  world: LocalWorld;
  region: LocalRegion;
  cluster: Cluster;
  /** Calls EKS as the operator. */
  eks<T = Record<string, unknown>>(operation: string, input: object): Promise<T>;
  /** Resolves once the condition holds; looked at after every change in the cluster. */
  until(condition: () => boolean): Promise<void>;
  deployment(name: string): Deployment;
  pods(name: string): Pod[];
  /** Resolves once a deployment is rolled out. */
  rolledOut(name: string): Promise<void>;
}

export const startCluster = async (): Promise<TestCluster> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'cluster-'));
  const world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'] });
  const region = world.region('us-west-2');
  const eks = <T>(operation: string, input: object): Promise<T> =>
    region.call<T>('eks', operation, input, world.iam.operator);
  region.eks.images.set(IMAGE, PROGRAM);
  const roleArn = `arn:aws:iam::${world.account}:role/cluster`;
  await eks('CreateCluster', { name: 'shop', roleArn, resourcesVpcConfig: {} });
  await world.clock.settled();
  const cluster = region.eks.cluster('shop');
  cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });

  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const stop = cluster.store.watch(cluster.store.version(), () => setImmediate(look));
      const look = (): void => {
        if (!condition()) return;
        stop();
        resolve();
      };
      look();
    });
  const deployment = (name: string): Deployment => cluster.store.named<Deployment>(DEPLOYMENTS, 'shop', name);
  const pods = (name: string): Pod[] =>
    cluster.store.list<Pod>(PODS, 'shop').filter(({ metadata }) => metadata.labels?.app === name);
  return {
    world,
    region,
    cluster,
    eks,
    until,
    deployment,
    pods,
    rolledOut: (name) =>
      until(() => {
        const { metadata, spec, status } = deployment(name);
        const all = pods(name);
        return (
          status.observedGeneration === metadata.generation &&
          status.updatedReplicas === spec.replicas &&
          all.length === spec.replicas &&
          all.every(isReady)
        );
      }),
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

export interface WebOptions {
  replicas?: number;
  env?: Record<string, string>;
  envFrom?: object[];
  image?: string;
  spec?: object;
  probe?: object;
  annotations?: Record<string, string>;
}

/** A deployment of the web server. */
export const web = (name: string, options: WebOptions = {}): object => {
  const env = Object.entries({ PORT: `${POD_PORT}`, ...options.env }).map(([key, value]) => ({ name: key, value }));
  const field = (key: string, fieldPath: string) => ({ name: key, valueFrom: { fieldRef: { fieldPath } } });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: {
      replicas: options.replicas ?? 1,
      selector: { matchLabels: { app: name } },
      ...options.spec,
      template: {
        metadata: { labels: { app: name }, ...(options.annotations && { annotations: options.annotations }) },
        spec: {
          containers: [
            {
              name: 'web',
              image: options.image ?? IMAGE,
              ports: [{ name: 'http', containerPort: POD_PORT }],
              env: [...env, field('POD_NAME', 'metadata.name'), field('POD_IP', 'status.podIP')],
              envFrom: options.envFrom ?? [],
              readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 1, ...options.probe },
              terminationMessagePolicy: 'FallbackToLogsOnError',
            },
          ],
        },
      },
    },
  };
};

export const configMap = (name: string, data: Record<string, string>): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'shop' },
  data,
});

/** Environment of a function of ours that runs in the region, as a role. Its access key comes back. */
export const actAs = ({ world, region }: TestCluster, role: string, actor = role): string => {
  const arn = `arn:aws:iam::${world.account}:role/${role}`;
  const trust = [
    { Effect: 'Allow' as const, Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
  ];
  const statements = [{ Effect: 'Allow' as const, Action: 'eks:DescribeCluster', Resource: '*' }];
  world.iam.putRole({ arn, trust, statements });
  const { accessKeyId, secretAccessKey } = world.iam.issue(arn, { actor });
  vi.stubEnv('AWS_ENDPOINT_URL', region.endpoint);
  vi.stubEnv('AWS_REGION', region.name);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  return accessKeyId;
};

/** The permissions that docs/kubernetes.md asks for, bound to the group `lifeboat`. */
export const PERMISSIONS: object[] = [
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'lifeboat', namespace: 'shop' },
    rules: [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['pods', 'events'], verbs: ['list'] },
      { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch'] },
      { apiGroups: ['apps'], resources: ['deployments/scale'], verbs: ['patch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'lifeboat', namespace: 'shop' },
    subjects: [{ kind: 'Group', name: 'lifeboat', apiGroup: 'rbac.authorization.k8s.io' }],
    roleRef: { kind: 'Role', name: 'lifeboat', apiGroup: 'rbac.authorization.k8s.io' },
  },
];

/** Gives a role the access that docs/kubernetes.md describes. */
export const admit = async ({ world, cluster, eks }: TestCluster, role: string): Promise<void> => {
  const principalArn = `arn:aws:iam::${world.account}:role/${role}`;
  await eks('CreateAccessEntry', { clusterName: cluster.name, principalArn, kubernetesGroups: ['lifeboat'] });
  for (const manifest of PERMISSIONS) cluster.apply(manifest);
};
