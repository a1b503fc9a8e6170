import { setTimeout as delay } from 'node:timers/promises';

/** Until a process has ended: at most ten seconds. */
export const gone = async (pid: number): Promise<void> => {
  for (let tries = 0; tries < 400; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(25);
  }
  throw new Error(`Process ${pid} still runs.`);
};
