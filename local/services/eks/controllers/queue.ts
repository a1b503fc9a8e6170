// Work that changes call for: each thing once, a moment later, and region time waits for it.
import type { Clock } from '../../../types.ts';

export interface Queue {
  add(key: string): void;
  close(): void;
}

export const createQueue = (clock: Clock, reason: string, work: (key: string) => void): Queue => {
  const waiting = new Set<string>();
  let closed = false;
  const drain = (release: () => void): void => {
    const keys = closed ? [] : [...waiting];
    waiting.clear();
    try {
      for (const key of keys) work(key);
    } finally {
      release();
    }
  };
  return {
    add: (key) => {
      if (closed) return;
      if (waiting.size === 0) {
        const release = clock.hold(reason);
        setImmediate(() => drain(release));
      }
      waiting.add(key);
    },
    close: () => {
      closed = true;
    },
  };
};
