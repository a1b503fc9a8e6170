// Services: which pods stand behind each, and a load balancer for those of type LoadBalancer.
import { createHash } from 'node:crypto';
import type { Region } from '../../../types.ts';
import { type EndpointSlice, isReady, type Pod, type Service } from '../api/objects.ts';
import { ENDPOINT_SLICES, PODS, SERVICES } from '../api/resources.ts';
import { matchesLabels } from '../api/selectors.ts';
import type { Store } from '../api/store.ts';
import { newAddress } from '../nodes/addresses.ts';
import type { Recorder } from '../nodes/events.ts';
import type { Controller } from './deployments.ts';
import { createListener, type Listener } from './load-balancer.ts';
import { createQueue } from './queue.ts';

interface Balancer {
  /** Of its own, of the loopback network: several may have the same port. */
  address: string;
  hostName: string;
  listeners: Map<number, Listener>;
  unregister(): void;
}

export const HOST_NAME = 'lifeboat.local/hostname';

export const runServices = (
  region: Region,
  { store, recorder, cluster }: { store: Store; recorder: Recorder; cluster: string },
): Controller & { closed(): Promise<unknown> } => {
  const balancers = new Map<string, Balancer>();
  const queue = createQueue(region.clock, 'services', (key) => sync(key));

  const sync = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const service = store.get<Service>(SERVICES, namespace, name);
    const pods = service?.spec.selector
      ? store.list<Pod>(PODS, namespace).filter(({ metadata }) => matchesLabels(metadata.labels, service.spec.selector))
      : [];
    if (service) putSlice(store, service, pods);
    if (service?.spec.type === 'LoadBalancer') balance(key, service, pods.filter(isReady));
    else remove(key);
  };

  const balance = (key: string, service: Service, ready: Pod[]): void => {
    const standing = balancers.get(key);
    const hostName = hostNameOf(region, cluster, service);
    const balancer = standing?.hostName === hostName ? standing : create(key, hostName);
    const wanted = new Set(service.spec.ports.map(({ port }) => port));
    for (const [port, listener] of balancer.listeners) if (!wanted.has(port)) drop(balancer, port, listener);
    for (const { port, targetPort } of service.spec.ports) {
      let listener = balancer.listeners.get(port);
      if (!listener) {
        const failed = (error: Error) => recorder.record(service, 'Warning', 'SyncLoadBalancerFailed', error.message);
        listener = createListener({ region, address: balancer.address, port, failed });
        balancer.listeners.set(port, listener);
      }
      listener.forwardTo(ready.map((pod) => ({ address: pod.status.podIP ?? '', port: portOf(pod, targetPort) })));
    }
    store.change<Service>(SERVICES, service, (draft) => {
      draft.status = { loadBalancer: { ingress: [{ hostname: hostName }] } };
    });
  };

  const create = (key: string, hostName: string): Balancer => {
    remove(key);
    const address = newAddress();
    const unregister = region.world.dns.register(hostName, () => [address]);
    const balancer = { address, hostName, listeners: new Map<number, Listener>(), unregister };
    balancers.set(key, balancer);
    return balancer;
  };
  const drop = (balancer: Balancer, port: number, listener: Listener): void => {
    balancer.listeners.delete(port);
    void listener.close();
  };
  const remove = (key: string): void => {
    const balancer = balancers.get(key);
    if (!balancer) return;
    balancers.delete(key);
    balancer.unregister();
    for (const listener of balancer.listeners.values()) void listener.close();
  };

  const stop = store.watch(store.version(), ({ type, resource, object }) => {
    const { namespace = '', name, labels } = object.metadata;
    if (resource === SERVICES) queue.add(`${namespace}/${name}`);
    if (resource === SERVICES && type === 'DELETED') removeSlice(store, object as Service);
    if (resource !== PODS) return;
    for (const service of store.list<Service>(SERVICES, namespace))
      if (service.spec.selector && matchesLabels(labels, service.spec.selector))
        queue.add(`${namespace}/${service.metadata.name}`);
  });
  return {
    close: () => {
      stop();
      queue.close();
    },
    closed: () =>
      Promise.all(
        [...balancers.values()].flatMap(({ listeners, unregister }) => {
          unregister();
          return [...listeners.values()].map((listener) => listener.close());
        }),
      ),
  };
};

const hostNameOf = (region: Region, cluster: string, { metadata }: Service): string => {
  const id = createHash('sha256').update(`${cluster}/${metadata.uid}`).digest('hex').slice(0, 16);
  const short = metadata.name.slice(0, 8);
  return (
    metadata.annotations?.[HOST_NAME] ??
    `k8s-${metadata.namespace?.slice(0, 8)}-${short}-${id}.elb.${region.name}.amazonaws.com`
  );
};

const portOf = ({ spec }: Pod, target: number | string): number =>
  typeof target === 'number'
    ? target
    : (spec.containers[0]?.ports?.find(({ name }) => name === target)?.containerPort ?? 0);

const sliceName = ({ metadata }: Service): string => `${metadata.name}-${metadata.uid.slice(0, 5)}`;

const putSlice = (store: Store, service: Service, pods: Pod[]): void => {
  const { namespace = '', name } = service.metadata;
  const content: Pick<EndpointSlice, 'addressType' | 'endpoints' | 'ports'> = {
    addressType: 'IPv4',
    endpoints: pods
      .filter(({ status }) => status.podIP)
      .map((pod) => ({
        addresses: [pod.status.podIP ?? ''],
        conditions: { ready: isReady(pod) },
        targetRef: { kind: 'Pod', name: pod.metadata.name },
      })),
    ports: service.spec.ports.map((port) => ({
      name: port.name ?? '',
      port: pods[0] ? portOf(pods[0], port.targetPort) : Number(port.targetPort) || port.port,
      protocol: 'TCP',
    })),
  };
  const standing = store.get<EndpointSlice>(ENDPOINT_SLICES, namespace, sliceName(service));
  if (standing) store.change(ENDPOINT_SLICES, standing, (draft) => void Object.assign(draft, content));
  else
    store.create(ENDPOINT_SLICES, {
      ...content,
      metadata: { name: sliceName(service), namespace, labels: { 'kubernetes.io/service-name': name } },
    });
};

const removeSlice = (store: Store, service: Service): void => {
  const slice = store.get(ENDPOINT_SLICES, service.metadata.namespace ?? '', sliceName(service));
  if (slice) store.remove(ENDPOINT_SLICES, slice);
};
