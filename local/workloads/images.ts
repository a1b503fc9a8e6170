// The container images of the shop, and the programs they stand for.
import { fileURLToPath } from 'node:url';

const program = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

export const IMAGES: ReadonlyMap<string, string> = new Map([
  ['lifeboat.local/shop-order:1', program('order')],
  ['lifeboat.local/shop-customer:1', program('customer')],
  ['lifeboat.local/shop-product:1', program('product')],
]);
