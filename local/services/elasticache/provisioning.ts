// How a replication group comes to its first state: available, or create-failed.
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from '../jobs.ts';
import { scheduleBackup } from './automatic-snapshots.ts';
import { removeNodes, startNodes } from './nodes.ts';
import type { Seed } from './seeds.ts';
import type { ElastiCache, Group } from './state.ts';

/** Builds the group in the background, from a seed where there is one. */
export const provision = (ec: ElastiCache, group: Group, seed: Seed | undefined): void => {
  const faults = { hang: seed && ec.faults.hangRestores, fail: seed && ec.faults.restore };
  if (seed) ec.faults.restore = false;
  group.job = ec.jobs.start(
    `creation of ${group.id}`,
    async (job) => {
      try {
        if (faults.hang) await hang(ec, job);
        if (faults.fail) throw new Error('As the test asked.');
        await startNodes(ec, group, await seed?.fetch(job.signal), job.signal);
      } finally {
        await seed?.release();
      }
      become(group, 'available');
      scheduleBackup(ec, group);
    },
    (error) => fail(ec, group, error),
  );
};

/** Puts the group and all its nodes into one state. */
export const become = (group: Group, status: 'available' | 'deleting'): void => {
  group.status = status;
  for (const node of group.nodes) node.status = status;
};

/** Of the documented states of a cache cluster, `restore-failed` is the one for what never came up. */
const fail = (ec: ElastiCache, group: Group, error: Error): void => {
  group.status = 'create-failed';
  group.failure = error.message;
  for (const node of group.nodes) node.status = 'restore-failed';
  ec.jobs.start(
    `clean-up of ${group.id}`,
    () => removeNodes(group),
    () => undefined,
  );
};

/** Until the fault is lifted. The region's time goes on meanwhile. */
const hang = async (ec: ElastiCache, job: Job): Promise<void> => {
  job.letTimePass();
  while (ec.faults.hangRestores) await pause(LOOK_MS, undefined, { signal: job.signal, ref: false });
};

const LOOK_MS = 50;
