// Products: read through the cache.
import { openCache } from './cache.ts';
import { openDatabase } from './database.ts';
import { serve } from './server.ts';

const KEPT_SECONDS = 300;
const database = openDatabase();
const cache = openCache();

const find = async (id: string) => {
  const product = await cache.through(`product:${id}`, KEPT_SECONDS, async () => {
    const [row] = await database.rows('SELECT id, sku, title, price FROM products WHERE id = $1', [id]);
    return row;
  });
  return product ? { status: 200, body: product } : { status: 404, body: { error: `there is no product ${id}` } };
};

serve([{ method: 'GET', path: /^\/products\/(\d{1,18})$/, answer: find }], {
  database: () => database.rows('SELECT id FROM products LIMIT 1'),
  cache: cache.ping,
});
