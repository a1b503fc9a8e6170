// Region time: the machine's time plus an offset that only jumps forward, and only while nothing is under way.
import type { Clock } from './types.ts';

interface Timer {
  time: number;
  order: number;
  task: () => void | Promise<void>;
}

/** setTimeout takes at most 2^31-1 ms; a longer wait is looked at again. */
const LONGEST_MS = 2 ** 31 - 1;

export interface LocalClock extends Clock {
  /** Ends every timer; nothing fires any more. */
  close(): void;
  /** What is under way, by reason: for messages when something does not settle. */
  holding(): string[];
}

export const createClock = ({ start }: { start?: Date } = {}): LocalClock => {
  /** The engine time at which each jump happened, and the offset from then on. */
  const jumps: { engine: number; offset: number }[] = [{ engine: 0, offset: start ? start.getTime() - Date.now() : 0 }];
  const timers = new Set<Timer>();
  const holds = new Map<number, string>();
  let settledListeners: (() => void)[] = [];
  let order = 0;
  let alarm: NodeJS.Timeout | undefined;
  let closed = false;

  const offset = (): number => (jumps.at(-1) as { offset: number }).offset;
  const millis = (): number => Date.now() + offset();
  const first = (): Timer | undefined => {
    let found: Timer | undefined;
    for (const timer of timers)
      if (!found || timer.time < found.time || (timer.time === found.time && timer.order < found.order)) found = timer;
    return found;
  };

  const fire = (timer: Timer): void => {
    timers.delete(timer);
    const release = hold('timer');
    // A timer's task answers for its own errors; one that does not must not end the whole region in silence.
    Promise.resolve()
      .then(timer.task)
      .catch((error: unknown) => process.emitWarning(error instanceof Error ? error : String(error)))
      .finally(release);
  };

  /** Fires what real time has reached, and wakes up again for the next. */
  const arm = (): void => {
    clearTimeout(alarm);
    const next = first();
    if (!next || closed) return;
    alarm = setTimeout(
      () => {
        for (let due = first(); due && due.time <= millis(); due = first()) fire(due);
        arm();
      },
      Math.min(LONGEST_MS, Math.max(0, next.time - millis())),
    );
    alarm.unref();
  };

  const hold = (reason: string): (() => void) => {
    const id = ++order;
    holds.set(id, reason);
    return () => {
      if (!holds.delete(id) || holds.size > 0) return;
      const listeners = settledListeners;
      settledListeners = [];
      for (const listener of listeners) listener();
    };
  };

  /** Nothing under way, and still nothing after everything that was ready to run has run. */
  const settled = async (): Promise<void> => {
    for (;;) {
      if (holds.size > 0) await new Promise<void>((resolve) => settledListeners.push(resolve));
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (holds.size === 0) return;
    }
  };

  const jumpTo = (time: number): void => {
    if (time > millis()) jumps.push({ engine: Date.now(), offset: time - Date.now() });
  };

  const at = (time: Date, task: Timer['task']): (() => void) => {
    const timer: Timer = { time: time.getTime(), order: ++order, task };
    timers.add(timer);
    arm();
    return () => {
      if (timers.delete(timer)) arm();
    };
  };

  return {
    now: () => new Date(millis()),
    offset,
    at,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const cancel = at(new Date(millis() + ms), () => {
          signal?.removeEventListener('abort', abort);
          resolve();
        });
        const abort = (): void => {
          cancel();
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', abort, { once: true });
      }),
    hold,
    settled,
    holding: () => [...holds.values()],
    advanceTo: async (target) => {
      for (;;) {
        await settled();
        const next = first();
        if (!next || next.time > target.getTime() || closed) break;
        jumpTo(next.time);
        fire(next);
        arm();
      }
      jumpTo(target.getTime());
      arm();
    },
    toEngineTime: (regionTime) => {
      // The last jump whose own region time is not after the one asked for; a moment that was jumped over never happened
      // for the engine, and is the moment of the jump.
      for (let index = jumps.length - 1; index > 0; index--) {
        const jump = jumps[index] as { engine: number; offset: number };
        if (regionTime.getTime() >= jump.engine + jump.offset) return new Date(regionTime.getTime() - jump.offset);
        const before = jumps[index - 1] as { offset: number };
        if (regionTime.getTime() >= jump.engine + before.offset) return new Date(jump.engine);
      }
      return new Date(regionTime.getTime() - (jumps[0] as { offset: number }).offset);
    },
    toRegionTime: (engineTime) => {
      const jump = jumps.findLast(({ engine }) => engine <= engineTime.getTime());
      return new Date(engineTime.getTime() + (jump ?? (jumps[0] as { offset: number })).offset);
    },
    close: () => {
      closed = true;
      clearTimeout(alarm);
      timers.clear();
    },
  };
};
