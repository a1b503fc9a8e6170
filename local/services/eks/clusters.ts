// Clusters: each an API server with its controllers and one node.
import * as sdk from '@aws-sdk/client-eks';
import { certificatesOf } from '../../engines/certificates.ts';
import type { Region } from '../../types.ts';
import type { AccessEntry } from './access.ts';
import { KUBERNETES_VERSION } from './api/discovery.ts';
import type { KubeObject, Pod } from './api/objects.ts';
import { apiVersionOf, NAMESPACES, PODS, RESOURCES } from './api/resources.ts';
import { type ApiServer, startApiServer } from './api/server.ts';
import { createStore, type Store } from './api/store.ts';
import { createObject, patchObject } from './api/writes.ts';
import { runDeployments } from './controllers/deployments.ts';
import { runPods } from './controllers/pods.ts';
import { runServices } from './controllers/services.ts';
import { createRecorder } from './nodes/events.ts';
import { createNode } from './nodes/pods.ts';

export interface Cluster {
  name: string;
  arn: string;
  status: 'CREATING' | 'ACTIVE';
  roleArn: string;
  createdAt: Date;
  /** By the ARN of the principal. */
  entries: Map<string, AccessEntry>;
  store: Store;
  endpoint?: string;
  authority?: string;
  /** Creates an object, or merges it into the one that stands, as `kubectl apply` does. For who builds a cluster. */
  apply(manifest: object): KubeObject;
  start(): Promise<void>;
  cutPower(): void;
  restorePower(): void;
  close(): Promise<void>;
}

export interface ClusterOptions {
  region: Region;
  name: string;
  roleArn: string;
  images: ReadonlyMap<string, string>;
}

export const createCluster = ({ region, name, roleArn, images }: ClusterOptions): Cluster => {
  const { clock } = region;
  const store = createStore(clock);
  const recorder = createRecorder(store, clock);
  const node = createNode({ store, clock, recorder, images, nameServer: () => region.world.dns.address });
  const services = runServices(region, { store, recorder, cluster: name });
  const controllers = [runDeployments(store, clock), runPods(store, node), services];
  for (const namespace of ['default', 'kube-system']) store.create(NAMESPACES, { metadata: { name: namespace } });
  let server: ApiServer | undefined;

  const log = (namespace: string, pod: string): string[] =>
    node.log(store.named<Pod>(PODS, namespace, pod).metadata.uid);
  const cluster: Cluster = {
    name,
    arn: `arn:aws:eks:${region.name}:${region.account}:cluster/${name}`,
    status: 'CREATING',
    roleArn,
    createdAt: clock.now(),
    entries: new Map(),
    store,
    apply: (manifest) => apply(store, manifest as KubeObject),
    start: async () => {
      server = await startApiServer({ region, store, entries: cluster.entries, log });
      cluster.endpoint = `https://127.0.0.1:${server.port}`;
      cluster.authority = (await certificatesOf(region.world)).ca;
      cluster.status = 'ACTIVE';
    },
    cutPower: node.cutPower,
    restorePower: node.restorePower,
    close: async () => {
      for (const controller of controllers) controller.close();
      await Promise.all([node.close(), services.closed(), server?.close()]);
    },
  };
  return cluster;
};

const apply = (store: Store, manifest: KubeObject): KubeObject => {
  const { apiVersion, kind, metadata } = manifest;
  const resource = RESOURCES.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  if (!resource) throw new Error(`The local cluster does not offer ${kind} of ${apiVersion}.`);
  const target = { resource, namespace: metadata.namespace ?? '', name: metadata.name };
  return store.get(resource, target.namespace, target.name)
    ? patchObject(store, target, manifest, 'application/strategic-merge-patch+json')
    : createObject(store, target, manifest);
};

export const describeCluster = (cluster: Cluster): sdk.Cluster => ({
  name: cluster.name,
  arn: cluster.arn,
  createdAt: cluster.createdAt,
  version: KUBERNETES_VERSION,
  status: cluster.status,
  roleArn: cluster.roleArn,
  endpoint: cluster.endpoint,
  ...(cluster.authority && {
    certificateAuthority: { data: Buffer.from(cluster.authority).toString('base64') },
  }),
  accessConfig: { authenticationMode: sdk.AuthenticationMode.API },
  resourcesVpcConfig: { endpointPublicAccess: true, endpointPrivateAccess: false },
});
