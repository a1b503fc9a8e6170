// What we want of a Kubernetes cluster, and nothing else. Every request has a time-out; every error names cluster, namespace
// and object.
import type { PodState } from './pods.ts';
import type { Rollout } from './rollout.ts';

export interface DeploymentChange {
  replicas?: number;
  /** Of the pods to be: where one of these is new, every pod is replaced. */
  podAnnotations?: Record<string, string>;
  /** Of the deployment itself: notes, which change nothing. */
  annotations?: Record<string, string>;
}

export interface Kubernetes {
  /** @throws {KubernetesObjectMissing} */
  configMap(namespace: string, name: string): Promise<Record<string, string>>;
  /** Sets these keys; the others stay. Said twice, nothing changes. @throws {KubernetesObjectMissing} */
  patchConfigMap(namespace: string, name: string, data: Record<string, string>): Promise<void>;
  /** How a deployment stands. @throws {KubernetesObjectMissing} */
  rollout(namespace: string, deployment: string): Promise<Rollout>;
  /** Changes these parts of a deployment in one write; said twice, nothing happens. @throws {KubernetesObjectMissing} */
  patchDeployment(namespace: string, name: string, change: DeploymentChange): Promise<void>;
  /** The pods of a deployment, each with why it is not ready. */
  pods(namespace: string, deployment: Pick<Rollout, 'selector'>): Promise<PodState[]>;
  /** Addresses of the ready pods behind a service, as `address:port`. */
  endpoints(namespace: string, service: string): Promise<string[]>;
}
