// The deployment controller: makes and ends pods until a deployment is as its specification says.
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../../types.ts';
import type { Deployment, Pod } from '../api/objects.ts';
import { DEPLOYMENTS, PODS } from '../api/resources.ts';
import { matchesLabels } from '../api/selectors.ts';
import type { Change, Store } from '../api/store.ts';
import { deleteObject, sorted } from '../api/writes.ts';
import { createQueue } from './queue.ts';
import { HASH_LABEL, nextDeadline, planRollout } from './rollout.ts';

export interface Controller {
  close(): void;
}

export const runDeployments = (store: Store, clock: Clock): Controller => {
  /** The template each deployment had at the last look. */
  const seen = new Map<string, string>();
  const timers = new Map<string, () => void>();
  const queue = createQueue(clock, 'deployments', (key) => sync(key));

  const sync = (key: string): void => {
    const [namespace = '', name = ''] = key.split('/');
    const deployment = store.get<Deployment>(DEPLOYMENTS, namespace, name);
    timers.get(key)?.();
    timers.delete(key);
    if (!deployment) return;
    const { uid } = deployment.metadata;
    const hash = hashOf(deployment);
    const plan = planRollout({
      deployment,
      pods: livePods(store, deployment),
      hash,
      isNew: seen.get(uid) !== hash,
      now: clock.now(),
    });
    seen.set(uid, hash);
    store.change<Deployment>(DEPLOYMENTS, deployment, (draft) => {
      draft.status = plan.status;
    });
    for (let made = 0; made < plan.create; made++) store.create(PODS, podOf(deployment, hash));
    for (const { metadata } of plan.remove)
      deleteObject(store, clock.now(), { resource: PODS, namespace, name: metadata.name });
    const deadline = nextDeadline({ ...deployment, status: plan.status });
    if (deadline)
      timers.set(
        key,
        clock.at(deadline, () => queue.add(key)),
      );
  };

  const onChange = ({ type, resource, object }: Change): void => {
    const { namespace = '', name, uid } = object.metadata;
    if (resource === DEPLOYMENTS) {
      queue.add(`${namespace}/${name}`);
      if (type !== 'DELETED') return;
      seen.delete(uid);
      for (const pod of ownedBy(store, object as Deployment))
        deleteObject(store, clock.now(), { resource: PODS, namespace, name: pod.metadata.name });
    }
    const owner = resource === PODS ? object.metadata.ownerReferences?.[0] : undefined;
    if (owner) queue.add(`${namespace}/${owner.name}`);
  };

  const stop = store.watch(store.version(), onChange);
  return {
    close: () => {
      stop();
      queue.close();
      for (const cancel of timers.values()) cancel();
    },
  };
};

const hashOf = ({ spec }: Deployment): string =>
  createHash('sha256')
    .update(JSON.stringify(sorted(spec.template)))
    .digest('hex')
    .slice(0, 10);

const ownedBy = (store: Store, { metadata, spec }: Deployment): Pod[] =>
  store
    .list<Pod>(PODS, metadata.namespace)
    .filter(
      (pod) =>
        pod.metadata.ownerReferences?.[0]?.uid === metadata.uid &&
        matchesLabels(pod.metadata.labels, spec.selector.matchLabels),
    );

const livePods = (store: Store, deployment: Deployment): Pod[] =>
  ownedBy(store, deployment).filter((pod) => pod.metadata.deletionTimestamp === undefined && pod.status !== undefined);

/** Replica sets are not offered: a pod belongs to its deployment itself. */
const podOf = ({ metadata, spec }: Deployment, hash: string) => {
  const { labels = {}, annotations } = spec.template.metadata ?? {};
  return {
    metadata: {
      name: `${metadata.name}-${hash}-${randomBytes(3).toString('hex').slice(0, 5)}`,
      ...(metadata.namespace && { namespace: metadata.namespace }),
      labels: { ...labels, [HASH_LABEL]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: metadata.name, uid: metadata.uid, controller: true },
      ],
    },
    spec: spec.template.spec,
    status: { phase: 'Pending', conditions: [], containerStatuses: [] },
  };
};
