// What a deployment needs next, as data: pods to make, pods to end, and its status. As the deployment controller of
// Kubernetes decides (pkg/controller/deployment, 2026-11), with pods counted by template in place of replica sets.
import { type Condition, type Deployment, type DeploymentStatus, isReady, type Pod } from '../api/objects.ts';

export const HASH_LABEL = 'pod-template-hash';

export interface RolloutPlan {
  create: number;
  remove: Pod[];
  status: DeploymentStatus;
}

export interface RolloutState {
  deployment: Deployment;
  /** Those that are not ending. */
  pods: Pod[];
  /** Of the template as it is now. */
  hash: string;
  /** The template changed since the last look. */
  isNew: boolean;
  now: Date;
}

export const planRollout = (state: RolloutState): RolloutPlan => {
  const { deployment, pods, hash } = state;
  const wanted = deployment.spec.replicas;
  const { surge, unavailable } = limits(deployment);
  const updated = pods.filter((pod) => pod.metadata.labels?.[HASH_LABEL] === hash);
  const old = pods.filter((pod) => !updated.includes(pod));
  const recreate = deployment.spec.strategy.type === 'Recreate';
  const room = recreate && old.length > 0 ? 0 : wanted + surge - pods.length;
  return {
    create: Math.max(0, Math.min(wanted - updated.length, room)),
    remove: [
      ...leastReadyFirst(updated).slice(0, Math.max(0, updated.length - wanted)),
      ...(recreate ? old : superseded(old, updated, wanted - unavailable)),
    ],
    status: statusOf(state, updated, wanted - unavailable),
  };
};

/** Both are shares of the replicas or numbers; were both 0, nothing could move. */
const limits = ({ spec }: Deployment): { surge: number; unavailable: number } => {
  if (spec.strategy.type === 'Recreate') return { surge: 0, unavailable: spec.replicas };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy.rollingUpdate ?? {};
  const surge = scaled(maxSurge, spec.replicas, Math.ceil);
  const unavailable = scaled(maxUnavailable, spec.replicas, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, spec.replicas) };
};

const scaled = (value: number | string, replicas: number, round: (value: number) => number): number =>
  typeof value === 'number' ? value : round((Number.parseFloat(value) / 100) * replicas);

const leastReadyFirst = (pods: Pod[]): Pod[] => [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)));

/** Old pods that may end now: as long as enough are available without them, and those that are not ready anyhow. */
const superseded = (old: Pod[], updated: Pod[], minimum: number): Pod[] => {
  const all = [...old, ...updated];
  const unready = updated.filter((pod) => !isReady(pod)).length;
  const spare = all.length - minimum - unready;
  if (spare <= 0) return [];
  const broken = old.filter((pod) => !isReady(pod)).slice(0, spare);
  const surplus = Math.max(0, all.filter(isReady).length - minimum);
  return [...broken, ...old.filter(isReady).slice(0, surplus)];
};

const statusOf = (state: RolloutState, updated: Pod[], minimum: number): DeploymentStatus => {
  const { deployment, pods } = state;
  const wanted = deployment.spec.replicas;
  const ready = pods.filter(isReady).length;
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: pods.length,
    updatedReplicas: updated.length,
    readyReplicas: ready,
    availableReplicas: ready,
    unavailableReplicas: Math.max(0, wanted - ready),
  };
  const enough = ready >= minimum;
  const available: Condition = {
    type: 'Available',
    status: enough ? 'True' : 'False',
    reason: enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${enough ? 'has' : 'does not have'} minimum availability.`,
  };
  const conditions = [available, progressing(state, counts)].map((condition) =>
    stamped(deployment, condition, state.now),
  );
  return { ...counts, conditions };
};

type Counts = Required<Omit<DeploymentStatus, 'conditions'>>;

/** `lastUpdateTime` is when something last moved on: the deadline counts from there. */
const progressing = ({ deployment, isNew, now }: RolloutState, counts: Counts): Condition => {
  const { spec, status, metadata } = deployment;
  const before = conditionOf(status, 'Progressing');
  const moved = (reason: string, message: string): Condition => ({
    type: 'Progressing',
    status: 'True',
    reason,
    message,
    lastUpdateTime: now.toISOString(),
  });
  const complete =
    counts.updatedReplicas === spec.replicas &&
    counts.replicas === spec.replicas &&
    counts.availableReplicas === spec.replicas;
  if (isNew || !before) return moved('NewReplicaSetCreated', `Deployment "${metadata.name}" got a new template`);
  // A rollout that was complete stays so: pods that fail afterwards, or a scaling, have no deadline.
  if (before.reason === COMPLETE && counts.replicas === counts.updatedReplicas) return before;
  if (complete) return moved(COMPLETE, `Deployment "${metadata.name}" has successfully progressed.`);
  const oldBefore = (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  const progressed =
    counts.updatedReplicas > (status.updatedReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldBefore ||
    counts.readyReplicas > (status.readyReplicas ?? 0);
  if (progressed) return moved('ReplicaSetUpdated', `Deployment "${metadata.name}" is progressing.`);
  if (now.getTime() < deadlineOf(deployment, before).getTime()) return before;
  if (before.reason === TIMED_OUT) return before;
  return {
    ...moved(TIMED_OUT, `Deployment "${metadata.name}" has timed out progressing.`),
    status: 'False',
  };
};

const COMPLETE = 'NewReplicaSetAvailable';
const TIMED_OUT = 'ProgressDeadlineExceeded';

const conditionOf = ({ conditions = [] }: DeploymentStatus, type: string): Condition | undefined =>
  conditions.find((condition) => condition.type === type);

const deadlineOf = ({ spec }: Deployment, { lastUpdateTime = '' }: Condition): Date =>
  new Date(Date.parse(lastUpdateTime) + spec.progressDeadlineSeconds * 1000);

/** When the deployment has to be looked at again although nothing happened; undefined where nothing is awaited. */
export const nextDeadline = (deployment: Deployment): Date | undefined => {
  const condition = conditionOf(deployment.status, 'Progressing');
  if (!condition || condition.reason === COMPLETE || condition.reason === TIMED_OUT) return undefined;
  return deadlineOf(deployment, condition);
};

const stamped = ({ status }: Deployment, condition: Condition, now: Date): Condition => {
  const before = conditionOf(status, condition.type);
  const time = now.toISOString();
  return {
    ...condition,
    lastTransitionTime: (before?.status === condition.status && before?.lastTransitionTime) || time,
    lastUpdateTime:
      condition.lastUpdateTime ?? ((before?.reason === condition.reason && before?.lastUpdateTime) || time),
  };
};
