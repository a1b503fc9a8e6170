// The scale of a deployment, as `kubectl scale` and autoscalers see it.
import type { Deployment } from './objects.ts';
import { patched } from './patches.ts';
import { DEPLOYMENTS } from './resources.ts';
import type { Store } from './store.ts';
import { patchObject, type Target } from './writes.ts';

interface Scale {
  spec: { replicas: number };
  metadata: { resourceVersion?: string };
}

export const scaleOf = ({ metadata, spec, status }: Deployment): object => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: {
    name: metadata.name,
    namespace: metadata.namespace,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    creationTimestamp: metadata.creationTimestamp,
  },
  spec: { replicas: spec.replicas },
  status: {
    replicas: status.replicas ?? 0,
    selector: Object.entries(spec.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
  },
});

/** @param contentType of a patch; left out, `body` is the whole scale. @throws {ApiFailure} */
export const rescale = (store: Store, target: Target, body: unknown, contentType?: string): object => {
  const standing = store.named<Deployment>(DEPLOYMENTS, target.namespace, target.name);
  const wanted = (contentType ? patched(scaleOf(standing), body, contentType) : body) as Scale;
  const { replicas } = wanted.spec;
  const { resourceVersion } = contentType ? standing.metadata : wanted.metadata;
  const change = { spec: { replicas }, metadata: { resourceVersion } };
  return scaleOf(patchObject(store, target, change, 'application/merge-patch+json') as Deployment);
};
