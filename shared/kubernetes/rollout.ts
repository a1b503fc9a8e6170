// How far a deployment has come, judged as `kubectl rollout status` judges it.
import type { V1Deployment } from '@kubernetes/client-node';

export interface Rollout {
  /** Replicas wanted, and what there is of them. */
  replicas: number;
  updated: number;
  ready: number;
  available: number;
  /** Counts changes of the specification. */
  generation: number;
  annotations: Record<string, string>;
  /** Of the pod template: what pods are started with. */
  podAnnotations: Record<string, string>;
  /** Label selector of its pods. */
  selector: string;
  /** What is still to happen; undefined once the rollout is complete. */
  waitingFor: string | undefined;
  /** Kubernetes gave up waiting: the deadline of the deployment passed without progress. */
  failed: string | undefined;
}

export const rolloutOf = ({ metadata, spec, status = {} }: V1Deployment): Rollout => {
  const replicas = spec?.replicas ?? 1;
  const updated = status.updatedReplicas ?? 0;
  const available = status.availableReplicas ?? 0;
  const observed = (status.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  const progress = status.conditions?.find(({ type }) => type === 'Progressing');
  const exceeded = observed && progress?.reason === 'ProgressDeadlineExceeded';
  return {
    replicas,
    updated,
    ready: status.readyReplicas ?? 0,
    available,
    generation: metadata?.generation ?? 0,
    annotations: metadata?.annotations ?? {},
    podAnnotations: spec?.template.metadata?.annotations ?? {},
    selector: Object.entries(spec?.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    waitingFor: observed
      ? remaining({ replicas, updated, available, all: status.replicas ?? 0 })
      : 'its new specification has not been observed yet',
    failed: exceeded ? (progress.message ?? progress.reason) : undefined,
  };
};

const remaining = (counts: {
  replicas: number;
  updated: number;
  available: number;
  all: number;
}): string | undefined => {
  const { replicas, updated, available, all } = counts;
  if (updated < replicas) return `${updated} of ${replicas} replicas are updated`;
  if (all > updated) return `${all - updated} old replicas are still to end`;
  return available < updated ? `${available} of ${updated} updated replicas are available` : undefined;
};
