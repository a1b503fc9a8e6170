// Customers: read through the cache.
import { openCache } from './cache.ts';
import { openDatabase } from './database.ts';
import { serve } from './server.ts';

const KEPT_SECONDS = 60;
const database = openDatabase();
const cache = openCache();

const find = async (id: string) => {
  const customer = await cache.through(`customer:${id}`, KEPT_SECONDS, async () => {
    const [row] = await database.rows('SELECT id, email, name FROM customers WHERE id = $1', [id]);
    return row;
  });
  return customer ? { status: 200, body: customer } : { status: 404, body: { error: `there is no customer ${id}` } };
};

serve([{ method: 'GET', path: /^\/customers\/(\d{1,18})$/, answer: find }], {
  database: () => database.rows('SELECT id FROM customers LIMIT 1'),
  cache: cache.ping,
});
