// The node: runs every pod's container as a process, starts it again when it ends, with the kubelet's back-off (at a
// fiftieth of its length), and keeps the pod's status.
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../types.ts';
import type { Container, Pod } from '../api/objects.ts';
import { PODS } from '../api/resources.ts';
import { type Store, stamp } from '../api/store.ts';
import { newAddress } from './addresses.ts';
import { ContainerConfigInvalid, environmentOf } from './environment.ts';
import type { Recorder } from './events.ts';
import { type ContainerChange, initialStatus, withState } from './pod-status.ts';
import { startProbing } from './probes.ts';
import { type ContainerProcess, type Exit, startContainer } from './processes.ts';

export interface Node {
  start(pod: Pod): void;
  /** SIGTERM, SIGKILL after the grace period, then the pod is gone. */
  terminate(pod: Pod): void;
  log(uid: string): string[];
  /** Ends every process at once, and starts none until `restorePower`. */
  cutPower(): void;
  restorePower(): void;
  /** Ends every process for good. */
  close(): Promise<void>;
}

interface NodeOptions {
  store: Store;
  clock: Clock;
  recorder: Recorder;
  /** Program file of each image. */
  images: ReadonlyMap<string, string>;
  /** Address of the one that processes of pods ask first. */
  nameServer: () => string;
}

interface Running {
  log: string[];
  process?: ContainerProcess;
  /** Aborted when the pod is to end. */
  ending: AbortController;
  ended: Promise<void>;
}

const FIRST_BACK_OFF_MS = 200;
const LONGEST_BACK_OFF_MS = 6_000;
/** A container that ran this long starts with no back-off again. */
const GOOD_RUN_MS = 12_000;
/** What could not be started is tried again after this long. */
const RETRY_MS = 300;
/** As long as a container may hold up region time until it answers: on a busy machine programs start slowly. */
const STARTING_MS = 60_000;

export const createNode = ({ store, clock, recorder, images, nameServer }: NodeOptions): Node => {
  const pods = new Map<string, Running>();
  let powered = true;

  const change = (pod: Pod, to: ContainerChange): void =>
    store.change<Pod>(PODS, pod, (draft) => {
      draft.status = withState(draft.status, to, clock.now());
    });
  const wait = (reason: string, message: string): ContainerChange => ({
    ready: false,
    state: { waiting: { reason, message } },
  });

  /** Program and environment, once there are both; undefined when the pod ends before. */
  const prepared = async (pod: Pod, container: Container, signal: AbortSignal) => {
    while (!signal.aborted) {
      if (!powered) {
        await pause(RETRY_MS, signal);
        continue;
      }
      const program = images.get(container.image);
      try {
        if (program) {
          const environment = { ...environmentOf(store, pod, container), LOCAL_NAME_SERVER: nameServer() };
          return { program, environment };
        }
        const message = `failed to pull image "${container.image}": not found`;
        recorder.record(pod, 'Warning', 'Failed', message);
        change(pod, wait('ImagePullBackOff', message));
      } catch (error) {
        if (!(error instanceof ContainerConfigInvalid)) throw error;
        recorder.record(pod, 'Warning', 'Failed', `Error: ${error.message}`);
        change(pod, wait('CreateContainerConfigError', error.message));
      }
      await pause(RETRY_MS, signal);
    }
    return undefined;
  };

  const runOnce = async (pod: Pod, container: Container, running: Running): Promise<Exit | undefined> => {
    const start = await prepared(pod, container, running.ending.signal);
    if (!start) return undefined;
    const release = holdFor(clock, `start of pod ${pod.metadata.name}`, STARTING_MS);
    // As the kubelet's: the log is that of the last container, not of those before it.
    running.log.length = 0;
    const process = startContainer(start.program, { ...start, args: container.args ?? [], log: running.log });
    running.process = process;
    const startedAt = stamp(clock.now());
    change(pod, { ready: false, state: { running: { startedAt } } });
    const stopProbing = startProbing(
      { address: pod.status.podIP ?? '', container },
      {
        answered: release,
        ready: (ready) => change(pod, { ready }),
        failed: (message) => recorder.record(pod, 'Warning', 'Unhealthy', message),
      },
    );
    const exit = await process.exited;
    stopProbing();
    release();
    const message = container.terminationMessagePolicy === 'FallbackToLogsOnError' && exit.code !== 0;
    const terminated = {
      exitCode: exit.code,
      ...(exit.signal !== undefined && { signal: exit.signal }),
      reason: exit.code === 0 ? 'Completed' : 'Error',
      ...(message && { message: running.log.slice(-10).join('\n').slice(-2048) }),
      startedAt,
      finishedAt: stamp(clock.now()),
    };
    change(pod, { ready: false, state: { terminated } });
    return exit;
  };

  const run = async (pod: Pod, running: Running): Promise<void> => {
    const container = pod.spec.containers[0] as Container;
    const { signal } = running.ending;
    let backOff = 0;
    for (let restarts = 0; !signal.aborted; restarts++) {
      if (restarts > 0) change(pod, { restartCount: restarts });
      const began = performance.now();
      await runOnce(pod, container, running);
      if (performance.now() - began > GOOD_RUN_MS) backOff = 0;
      if (backOff > 0 && !signal.aborted) {
        const { name, namespace } = pod.metadata;
        recorder.record(
          pod,
          'Warning',
          'BackOff',
          `Back-off restarting failed container ${container.name} in pod ${name}`,
        );
        change(
          pod,
          wait('CrashLoopBackOff', `back-off restarting failed container=${container.name} pod=${name}_${namespace}`),
        );
        await pause(backOff, signal);
      }
      // The first restart comes at once.
      backOff = Math.min(LONGEST_BACK_OFF_MS, backOff * 2 || FIRST_BACK_OFF_MS);
    }
    recorder.forget(pod);
    store.remove(PODS, pod);
    pods.delete(pod.metadata.uid);
  };

  return {
    start: (pod) => {
      store.change<Pod>(PODS, pod, (draft) => {
        draft.status = initialStatus(draft, newAddress());
      });
      const placed = store.get<Pod>(PODS, pod.metadata.namespace ?? '', pod.metadata.name);
      if (!placed) return;
      const running: Running = { log: [], ending: new AbortController(), ended: Promise.resolve() };
      pods.set(pod.metadata.uid, running);
      running.ended = run(placed, running);
    },
    terminate: ({ metadata, spec }) => {
      const running = pods.get(metadata.uid);
      if (!running || running.ending.signal.aborted) return;
      running.ending.abort();
      running.process?.signal('SIGTERM');
      const grace = setTimeout(() => running.process?.signal('SIGKILL'), spec.terminationGracePeriodSeconds * 1000);
      void running.ended.finally(() => clearTimeout(grace));
    },
    cutPower: () => {
      powered = false;
      for (const { process } of pods.values()) process?.signal('SIGKILL');
    },
    restorePower: () => {
      powered = true;
    },
    log: (uid) => pods.get(uid)?.log ?? [],
    close: async () => {
      for (const running of pods.values()) {
        running.ending.abort();
        running.process?.signal('SIGKILL');
      }
      await Promise.all([...pods.values()].map(({ ended }) => ended));
    },
  };
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);

/** Holds region time until released, or for as long as this at most. */
const holdFor = (clock: Clock, reason: string, ms: number): (() => void) => {
  const release = clock.hold(reason);
  const timer = setTimeout(release, ms);
  return () => {
    clearTimeout(timer);
    release();
  };
};
