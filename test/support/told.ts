// What people were told, or would have been without folding: every message stands in the vault as an object of its own.
import { keysIn, readObject } from '../../local/story/observations.ts';
import { Notice } from '../../shared/notify/message.ts';
import type { ShopPlatform } from './shop-platform.ts';

/** Keys of the primary region's message log, to ask later what is new. */
export const toldSoFar = async (shop: ShopPlatform): Promise<ReadonlySet<string>> => new Set(await logKeys(shop));

/** The messages since `before`, sent or folded into one that was sent. */
export const toldSince = async (shop: ShopPlatform, before: ReadonlySet<string>): Promise<Notice[]> => {
  const fresh = (await logKeys(shop)).filter((key) => !before.has(key));
  return Promise.all(
    fresh.map(async (key) => Notice.parse(JSON.parse(await readObject(shop, shop.primary, vaultOf(shop), key)))),
  );
};

const vaultOf = (shop: ShopPlatform): string => shop.stacks.primary.outputs.VaultBucketName as string;
const logKeys = (shop: ShopPlatform): Promise<string[]> =>
  keysIn(shop, shop.primary, vaultOf(shop), `notifications/${shop.primary.name}/log/`);
