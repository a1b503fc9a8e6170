// The status of a pod, from the state of its container.
import type { Condition, ContainerState, ContainerStatus, Pod } from '../api/objects.ts';

export const initialStatus = (pod: Pod, podIP: string): Pod['status'] => {
  const container = pod.spec.containers[0];
  return withState(
    {
      phase: 'Pending',
      podIP,
      conditions: [],
      containerStatuses: [
        {
          name: container?.name ?? '',
          image: container?.image ?? '',
          ready: false,
          started: false,
          restartCount: 0,
          state: { waiting: { reason: 'ContainerCreating' } },
          lastState: {},
        },
      ],
    },
    {},
    new Date(pod.metadata.creationTimestamp),
  );
};

export type ContainerChange = Partial<Pick<ContainerStatus, 'ready' | 'restartCount' | 'state'>>;

/** The status after something happened to the container; a state that ended is kept as the last one. */
export const withState = (status: Pod['status'], change: ContainerChange, now: Date): Pod['status'] => {
  const standing = status.containerStatuses[0] as ContainerStatus;
  const ended: ContainerState | undefined =
    change.state && !change.state.terminated && standing.state.terminated ? standing.state : undefined;
  const container: ContainerStatus = { ...standing, ...change, ...(ended && { lastState: ended }) };
  container.started = container.state.running !== undefined;
  const unready = `containers with unready status: [${container.name}]`;
  const readiness = (type: string): Condition =>
    container.ready
      ? { type, status: 'True' }
      : { type, status: 'False', reason: 'ContainersNotReady', message: unready };
  const wanted: Condition[] = [
    { type: 'Initialized', status: 'True' },
    readiness('Ready'),
    readiness('ContainersReady'),
    { type: 'PodScheduled', status: 'True' },
  ];
  const time = `${now.toISOString().slice(0, 19)}Z`;
  return {
    ...status,
    phase: container.state.running || status.phase === 'Running' ? 'Running' : 'Pending',
    containerStatuses: [container],
    conditions: wanted.map((condition) => {
      const before = status.conditions.find(({ type }) => type === condition.type);
      const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : time;
      return { ...condition, lastTransitionTime: lastTransitionTime ?? time };
    }),
  };
};
