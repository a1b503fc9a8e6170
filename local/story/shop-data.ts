// The shop's database: how it is filled before the story begins, and how customers keep ordering while it goes on.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Client } from 'pg';

/** Rows per unit of scale; scale 1 is about 200 MB of tables and indexes. */
const ROWS = { customers: 60_000, products: 5_000, orders: 300_000 };

/** The lines of order `o`, and what stands in line `l`. */
const LINES = 'generate_series(1, 1 + (o.id % 4)::int) l';
const QUANTITY = '(1 + (o.id + l) % 4)';
const PRICE = '(5 + ((o.id * 31 + l * 17) % 9500) / 100.0)';

/** Creates and fills the tables; everything lies before `now`, totals agree with their lines. */
export const fillShop = async (client: Client, scale: number, now: Date): Promise<void> => {
  const count = (rows: number): number => Math.max(200, Math.round(rows * scale));
  const at = `timestamptz '${now.toISOString()}'`;
  const run = (file: string) => client.query(readFileSync(path.join(import.meta.dirname, file), 'utf8'));
  await run('shop-schema.sql');
  await client.query('SELECT setseed(0.42)');
  await client.query(`INSERT INTO customers (email, name, registered_at)
    SELECT 'customer' || i || '@example.com', 'Customer ' || i, ${at} - random() * interval '900 days'
    FROM generate_series(1, ${count(ROWS.customers)}) i`);
  await client.query(`INSERT INTO products (sku, title, description, price)
    SELECT 'SKU-' || lpad(i::text, 8, '0'), 'Product ' || i, repeat(md5(i::text) || ' ', 8), round((1 + random() * 199)::numeric, 2)
    FROM generate_series(1, ${count(ROWS.products)}) i`);
  await client.query(`INSERT INTO orders (id, customer_id, ordered_at, status, total) OVERRIDING SYSTEM VALUE
    SELECT o.id, 1 + floor(random() * ${count(ROWS.customers)})::bigint, ${at} - interval '1 minute' - power(random(), 2) * interval '700 days',
      (ARRAY['paid', 'shipped', 'delivered'])[1 + floor(random() * 3)::int], (SELECT sum(${QUANTITY} * ${PRICE}) FROM ${LINES})
    FROM generate_series(1, ${count(ROWS.orders)}) o (id)`);
  await client.query(`SELECT setval(pg_get_serial_sequence('orders', 'id'), ${count(ROWS.orders)})`);
  await client.query(`INSERT INTO order_items (order_id, line, product_id, quantity, unit_price)
    SELECT o.id, l, 1 + (o.id * 7919 + l * 104729) % ${count(ROWS.products)}, ${QUANTITY}, ${PRICE} FROM orders o CROSS JOIN LATERAL ${LINES}`);
  await client.query(`INSERT INTO payments (order_id, paid_at, amount, method)
    SELECT id, ordered_at + interval '20 seconds', total, CASE WHEN id % 3 = 0 THEN 'card' ELSE 'transfer' END FROM orders`);
  await run('shop-keys.sql');
  await client.query('VACUUM ANALYZE');
};

export interface Customers {
  /** Orders acknowledged so far. */
  ordered(): number;
  stop(): Promise<void>;
}

/** Customers who go on ordering, paying and changing their names, one transaction after another with a pause between. */
export const keepOrdering = (client: Client, now: () => Date, pauseMs = 50): Customers => {
  let ordered = 0;
  let going = true;
  const order = async (): Promise<void> => {
    const at = now().toISOString();
    await client.query('BEGIN');
    const { rows } = await client.query(
      `INSERT INTO orders (customer_id, ordered_at, status, total)
       SELECT id, $1, 'paid', 0 FROM customers OFFSET floor(random() * 100) LIMIT 1 RETURNING id`,
      [at],
    );
    const id = rows[0].id;
    await client.query(
      `INSERT INTO order_items SELECT $1, l, 1 + ($1::bigint * l) % 200, l, 10.50 FROM generate_series(1, 3) l`,
      [id],
    );
    await client.query(
      'UPDATE orders SET total = (SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = $1) WHERE id = $1',
      [id],
    );
    await client.query(
      `INSERT INTO payments (order_id, paid_at, amount, method) SELECT id, $2, total, 'card' FROM orders WHERE id = $1`,
      [id, at],
    );
    await client.query(
      `UPDATE customers SET name = 'Customer of order ' || $1::text WHERE id = 1 + ($1::bigint * 13) % 200`,
      [id],
    );
    await client.query('COMMIT');
    ordered += 1;
  };
  const loop = (async () => {
    while (going) {
      await order();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  // A failure is the story's to hear when it stops the customers, not an unhandled rejection in between.
  const ended = loop.then(
    () => undefined,
    (error: unknown) => error,
  );
  return {
    ordered: () => ordered,
    stop: async () => {
      going = false;
      const error = await ended;
      if (error) throw error;
    },
  };
};
