// What we want of a Kubernetes cluster, and nothing else. Every request has a time-out; every error names cluster, namespace
// and object.
import type { PodState } from './pods.ts';
import type { Rollout } from './rollout.ts';

export interface Kubernetes {
  /** @throws {KubernetesObjectMissing} */
  configMap(namespace: string, name: string): Promise<Record<string, string>>;
  /** Sets these keys; the others stay. Said twice, nothing changes. @throws {KubernetesObjectMissing} */
  patchConfigMap(namespace: string, name: string, data: Record<string, string>): Promise<void>;
  /** How a deployment stands. @throws {KubernetesObjectMissing} */
  rollout(namespace: string, deployment: string): Promise<Rollout>;
  /** @throws {KubernetesObjectMissing} */
  scale(namespace: string, deployment: string, replicas: number): Promise<void>;
  /** Sets annotations of the pod template. Where one of them is new, every pod is replaced; said twice, nothing happens. */
  restart(namespace: string, deployment: string, annotations: Record<string, string>): Promise<void>;
  /** The pods of a deployment, each with why it is not ready. */
  pods(namespace: string, deployment: Pick<Rollout, 'selector'>): Promise<PodState[]>;
  /** Addresses of the ready pods behind a service, as `address:port`. */
  endpoints(namespace: string, service: string): Promise<string[]>;
}
