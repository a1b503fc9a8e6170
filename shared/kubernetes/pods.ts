// Why a pod is not ready, in words: from its conditions, the state of its containers, and the newest warning about it.
import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';

export interface PodState {
  name: string;
  ready: boolean;
  restarts: number;
  /** Of a pod that is not ready: `CrashLoopBackOff`, `ImagePullBackOff`, `Unschedulable`, `NotReady`, … */
  reason?: string;
  message?: string;
}

export const isReady = ({ metadata, status }: V1Pod): boolean =>
  metadata?.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

export const stateOf = (pod: V1Pod, warnings: CoreV1Event[]): PodState => {
  const containers = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const ready = isReady(pod);
  return {
    name: pod.metadata?.name ?? '',
    ready,
    restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
    ...(ready ? {} : cause(pod, containers, warnings)),
  };
};

const cause = (pod: V1Pod, containers: V1ContainerStatus[], warnings: CoreV1Event[]) => {
  if (pod.metadata?.deletionTimestamp) return { reason: 'Terminating' };
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return { reason: scheduled.reason ?? 'Unschedulable', message: scheduled.message ?? '' };
  const stuck = containers.find(
    ({ state }) => state?.waiting || (state?.terminated && state.terminated.exitCode !== 0),
  );
  // One that runs again says nothing yet: how it ended before is the better answer.
  const { state, lastState } = stuck ?? containers.find((container) => container.lastState?.terminated) ?? {};
  const ended = state?.terminated ?? lastState?.terminated;
  const exit = ended && `exit code ${ended.exitCode}${ended.message ? `: ${ended.message.trim()}` : ''}`;
  const words = [state?.waiting?.message, exit].filter(Boolean).join('; last ');
  const message = words || newestAbout(pod, warnings)?.message;
  const reason = state?.waiting?.reason ?? state?.terminated?.reason ?? 'NotReady';
  return { reason, ...(message && { message }) };
};

const newestAbout = ({ metadata }: V1Pod, warnings: CoreV1Event[]): CoreV1Event | undefined =>
  warnings
    .filter(({ involvedObject }) => involvedObject.uid === metadata?.uid)
    .sort((a, b) => timeOf(b) - timeOf(a))[0];

const timeOf = ({ lastTimestamp, eventTime }: CoreV1Event): number => (lastTimestamp ?? eventTime)?.getTime() ?? 0;
