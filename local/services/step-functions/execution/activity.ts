// Keeps the region's clock from jumping while an execution works, and lets it go while every branch of it waits.

import type { Clock } from '../../../types.ts';

/** What wakes someone who waits. Only the first call counts. */
interface Waker<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export interface Activity {
  enter(): void;
  leave(): void;
  /** Waits without holding the clock. `begin` says who wakes, and returns what undoes it. Rejects at once with the signal's reason. */
  wait<T>(signal: AbortSignal, begin: (waker: Waker<T>) => undefined | (() => void)): Promise<T>;
  sleepUntil(time: Date, signal: AbortSignal): Promise<void>;
}

export const createActivity = (clock: Clock, reason: string): Activity => {
  let working = 0;
  let release: (() => void) | undefined;
  const enter = () => {
    working += 1;
    release ??= clock.hold(reason);
  };
  const leave = () => {
    working -= 1;
    // Not at once: whoever was told of the end (a parent, a sibling) first gets the chance to go on.
    setImmediate(() => {
      if (working > 0) return;
      release?.();
      release = undefined;
    });
  };
  const wait: Activity['wait'] = (signal, begin) =>
    new Promise((resolve, reject) => {
      let over = signal.aborted;
      if (over) return reject(signal.reason);
      let undo: undefined | (() => void);
      leave();
      const end = (settle: () => void) => {
        if (over) return;
        over = true;
        enter();
        signal.removeEventListener('abort', abort);
        undo?.();
        settle();
      };
      const abort = () => end(() => reject(signal.reason));
      signal.addEventListener('abort', abort);
      undo = begin({
        resolve: (value) => end(() => resolve(value)),
        reject: (error) => end(() => reject(error)),
      });
    });
  const sleepUntil = (time: Date, signal: AbortSignal) =>
    wait<void>(signal, ({ resolve }) => clock.at(time, () => resolve()));
  return { enter, leave, wait, sleepUntil };
};

/** The promise, or the signal's reason as soon as it aborts. */
export const untilAborted = <T>(promise: Promise<T>, signal: AbortSignal): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
