// A platform with a small shop in two local regions, for end-to-end tests; ended with everything it started.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createDatabase, type LocalPlatform, startPlatform } from '../../local/platform.ts';
import { catalogOf, executionsOf, startMachine, untilEnded } from '../../local/story/observations.ts';
import { fillShop, keepOrdering } from '../../local/story/shop-data.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';

/** A Sunday: everything weekly is due. */
const SUNDAY = new Date('2026-11-22T00:00:00Z');

export interface ShopPlatform extends LocalPlatform {
  /** Takes a snapshot between two fingerprints and waits for it; the point as it then stands. */
  backUp(): Promise<RecoveryPoint>;
  point(id: string): Promise<RecoveryPoint>;
  /** One order now. A shop without any for a day is not PROVEN: that is one of its checks. */
  placeOrder(): Promise<void>;
  stop(): Promise<void>;
}

export const startShop = async (scale = 0.005): Promise<ShopPlatform> => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'lifeboat-shop-'));
  const platform = await startPlatform({ directory, start: SUNDAY });
  await createDatabase(platform, (client) => fillShop(client, scale, platform.world.clock.now()));
  const point = async (id: string): Promise<RecoveryPoint> => {
    const found = (await catalogOf(platform)).find((each) => each.id === id);
    if (!found) throw new Error(`The catalogue has no ${id}.`);
    return found;
  };
  return {
    ...platform,
    point,
    backUp: async () => {
      const { clock } = platform.world;
      // Ids are made of whole seconds: each backup of a test has one of its own.
      await clock.advanceTo(new Date(Math.ceil(clock.now().getTime() / 1000) * 1000 + 1000));
      const scheduledAt = `${clock.now().toISOString().slice(0, 19)}Z`;
      const execution = await startMachine(platform, 'backup-database', {
        source: platform.source,
        scheduledAt,
        purpose: 'on-demand',
      });
      const status = await untilEnded(platform, execution);
      const id = `${platform.source}-${scheduledAt.replace(/[-:]/g, '').toLowerCase()}-on-demand`;
      if (status !== 'SUCCEEDED')
        throw new Error(
          `backup-database of ${id} ended ${status}; ${(await executionsOf(platform, 'backup-database')).length} executions.`,
        );
      return point(id);
    },
    placeOrder: async () => {
      const client = await platform.connect(platform.primary, 'shop-db');
      await keepOrdering(client, platform.world.clock.now).stop();
      await client.end();
    },
    stop: async () => {
      await platform.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
