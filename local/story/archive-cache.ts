// One archive of the shop's cache, asked of the deployed service.
import { cacheSource } from '../cache.ts';
import type { LocalPlatform } from '../platform.ts';
import { invoke } from './observations.ts';

/** Has one archive of the cache made now, and waits until it is in both vaults. */
export const archiveCache = async (platform: LocalPlatform): Promise<void> => {
  const { clock } = platform.world;
  const pass = (seconds: number) => clock.advanceTo(new Date(clock.now().getTime() + seconds * 1000));
  const scheduledAt = `${clock.now().toISOString().slice(0, 19)}Z`;
  const request = { source: cacheSource(), scheduledAt, purpose: 'on-demand' };
  const { recoveryPoint } = await invoke<{ recoveryPoint: string }>(platform, 'redisOpenPoint', request);
  const deadline = clock.now().getTime() + ARCHIVED_WITHIN_MS;
  while (!(await invoke<{ done: boolean }>(platform, 'redisSettlePoint', { recoveryPoint })).done) {
    if (clock.now().getTime() > deadline) throw new Error(`${recoveryPoint} was not archived within half an hour.`);
    await pass(5);
  }
  await pass(60);
};

const ARCHIVED_WITHIN_MS = 30 * 60_000;
