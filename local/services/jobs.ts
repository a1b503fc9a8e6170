// Work that goes on after an operation has answered. It holds the clock, is cancelled when the region closes, and its
// errors end in the resource's failed state, never as unhandled rejections.
import type { Clock } from '../types.ts';

export interface Job {
  signal: AbortSignal;
  /** Ends the work; resolves once it has stopped touching anything. */
  cancel(): Promise<void>;
  /** Lets region time go on although the work is not done: for what hangs on purpose. */
  letTimePass(): void;
}

export interface Jobs {
  start(reason: string, run: (job: Job) => Promise<void>, failed: (error: Error) => void): Job;
  close(): Promise<void>;
}

export const createJobs = (clock: Clock): Jobs => {
  const running = new Set<Job>();
  return {
    start(reason, run, failed) {
      const controller = new AbortController();
      const release = clock.hold(reason);
      const job: Job = {
        signal: controller.signal,
        letTimePass: release,
        cancel: () => {
          controller.abort();
          return done;
        },
      };
      running.add(job);
      const work = async () => {
        try {
          await run(job);
        } catch (error) {
          if (!controller.signal.aborted) failed(error as Error);
        } finally {
          running.delete(job);
          release();
        }
      };
      const done = work();
      return job;
    },
    async close() {
      await Promise.all([...running].map((job) => job.cancel()));
    },
  };
};
