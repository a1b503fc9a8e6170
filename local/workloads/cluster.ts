// The shop on Kubernetes: a cluster of EKS with what its owners would have put into it, as manifests.
import { readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { certificatesOf } from '../engines/certificates.ts';
import type { Cluster } from '../services/eks/clusters.ts';
import { HOST_NAME } from '../services/eks/controllers/services.ts';
import type { LocalRegion } from '../world.ts';
import { IMAGES } from './images.ts';

export const NAMESPACE = 'shop';
export const CONFIG_MAP = 'shop-endpoints';
const LOGINS = 'shop-logins';

export type ShopService = 'order' | 'customer' | 'product';
export const SHOP_SERVICES: readonly ShopService[] = ['order', 'customer', 'product'];

export interface ShopCluster {
  /** Of the EKS cluster. */
  name: string;
  database: { host: string; port: number; name: string; user: string; password: string };
  /** `ca` where it speaks TLS, `auth` where it has a password, as ElastiCache's hook `server` tells them. */
  cache?: { host: string; port: number; auth?: string | undefined; ca?: string | undefined };
  /** Brokers to begin with. */
  brokers?: string[] | undefined;
  /** Of each service. Zero: a standby that a failover brings up. */
  replicas: number;
  /** Where the load balancers listen, and the host names that lead there. */
  services: Record<ShopService, { port: number; hostName: string }>;
  /** Roles whose functions may bring the workloads up. */
  access: string[];
}

/** Port of every container; each pod has an address of its own. */
const CONTAINER_PORT = 21_080;

/** Makes the cluster and everything in it. Pods come up by themselves: `region.clock.settled()` waits for them. */
export const createShopCluster = async (region: LocalRegion, shop: ShopCluster): Promise<Cluster> => {
  const ask = (operation: string, input: object) => region.call('eks', operation, input, region.world.iam.operator);
  const roleArn = `arn:aws:iam::${region.account}:role/${shop.name}-cluster`;
  await ask('CreateCluster', { name: shop.name, roleArn, resourcesVpcConfig: {} });
  await region.clock.settled();
  for (const principalArn of shop.access)
    await ask('CreateAccessEntry', { clusterName: shop.name, principalArn, kubernetesGroups: [GROUP] });
  const cluster = region.eks.cluster(shop.name);
  const { ca } = await certificatesOf(region.world);
  for (const manifest of manifestsOf(shop, ca)) cluster.apply(manifest);
  return cluster;
};

const manifestsOf = (shop: ShopCluster, authority: string): object[] => [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  ...accessManifests(),
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: CONFIG_MAP, namespace: NAMESPACE },
    data: {
      DATABASE_HOST: shop.database.host,
      DATABASE_PORT: `${shop.database.port}`,
      DATABASE_NAME: shop.database.name,
      DATABASE_AUTHORITY: authority,
      ...(shop.cache && { CACHE_HOST: shop.cache.host, CACHE_PORT: `${shop.cache.port}` }),
      ...(shop.cache?.ca && { CACHE_AUTHORITY: shop.cache.ca }),
      ...(shop.brokers && { KAFKA_BOOTSTRAP: shop.brokers.join(',') }),
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: LOGINS, namespace: NAMESPACE },
    stringData: {
      DATABASE_USER: shop.database.user,
      DATABASE_PASSWORD: shop.database.password,
      ...(shop.cache?.auth && { CACHE_PASSWORD: shop.cache.auth }),
    },
  },
  ...SHOP_SERVICES.flatMap((name) => [service(name, shop.services[name]), deployment(name, shop.replicas)]),
];

const service = (name: ShopService, { port, hostName }: { port: number; hostName: string }): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: NAMESPACE, annotations: { [HOST_NAME]: hostName } },
  spec: { type: 'LoadBalancer', selector: { app: name }, ports: [{ port, targetPort: 'http' }] },
});

const imageOf = (name: ShopService): string =>
  [...IMAGES.keys()].find((image) => image.includes(`shop-${name}:`)) ?? '';

const deployment = (name: ShopService, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    progressDeadlineSeconds: 300,
    template: {
      metadata: { labels: { app: name } },
      spec: {
        terminationGracePeriodSeconds: 10,
        containers: [
          {
            name,
            image: imageOf(name),
            ports: [{ name: 'http', containerPort: CONTAINER_PORT }],
            env: [
              { name: 'PORT', value: `${CONTAINER_PORT}` },
              { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
            ],
            envFrom: [{ configMapRef: { name: CONFIG_MAP } }, { secretRef: { name: LOGINS } }],
            readinessProbe: { httpGet: { path: '/health', port: 'http' }, periodSeconds: 2, timeoutSeconds: 3 },
            terminationMessagePolicy: 'FallbackToLogsOnError',
          },
        ],
      },
    },
  },
});

/** The group of examples/kubernetes-access.yaml. */
const GROUP = 'lifeboat';

/** What docs/kubernetes.md asks the owners of a cluster to allow. */
export const accessManifests = (): object[] =>
  loadAll(readFileSync(new URL('../../examples/kubernetes-access.yaml', import.meta.url), 'utf8')) as object[];
