// Wakes the lifecycle every midnight UTC of region time, from the first configuration on.
import { dueAt, runLifecycle } from './lifecycle.ts';
import type { Store } from './store.ts';

export interface LifecycleTimer {
  start(): void;
  stop(): void;
}

export const createLifecycleTimer = (store: Store): LifecycleTimer => {
  const { clock } = store.region;
  let cancel: (() => void) | undefined;
  const schedule = (): void => {
    cancel = clock.at(dueAt(new Date(clock.now().getTime() + 1), 0), run);
  };
  const run = async (): Promise<void> => {
    schedule();
    if (!store.region.alive) return;
    const release = clock.hold(`S3 lifecycle of ${store.region.name}`);
    try {
      for (const bucket of store.buckets.values()) await runLifecycle(bucket, clock.now());
    } finally {
      release();
    }
  };
  return {
    start: () => {
      if (!cancel) schedule();
    },
    stop: () => cancel?.(),
  };
};
