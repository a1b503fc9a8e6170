// Orders: taken in one transaction, and acknowledged when the database has said that it is committed.
import { openCache } from './cache.ts';
import { openDatabase } from './database.ts';
import { openEvents } from './events.ts';
import { serve, Unacceptable } from './server.ts';

interface Order {
  customerId: number;
  items: { productId: number; quantity: number }[];
  /** When the customer pressed the button; the database's time where left out. */
  orderedAt?: string;
}

const KEPT_SECONDS = 30;
const database = openDatabase();
const cache = openCache();
const events = openEvents();

const isOrder = (body: unknown): body is Order => {
  const { customerId, items } = (body ?? {}) as Partial<Order>;
  return (
    Number.isInteger(customerId) &&
    Array.isArray(items) &&
    items.length > 0 &&
    items.every(({ productId, quantity }) => Number.isInteger(productId) && Number.isInteger(quantity) && quantity > 0)
  );
};

const take = async (body: unknown) => {
  if (!isOrder(body)) throw new Unacceptable('an order has a customerId and items, each with productId and quantity');
  const { customerId, items, orderedAt } = body;
  const id = await database.transaction(async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO orders (customer_id, ordered_at, status, total)
       SELECT id, coalesce($2, now()), 'paid', 0 FROM customers WHERE id = $1 RETURNING id`,
      [customerId, orderedAt ?? null],
    );
    const order = rows[0]?.id;
    if (!order) throw new Unacceptable(`there is no customer ${customerId}`);
    const { rowCount } = await client.query(
      `INSERT INTO order_items (order_id, line, product_id, quantity, unit_price)
       SELECT $1, line, product_id, quantity, price
       FROM unnest($2::bigint[], $3::int[]) WITH ORDINALITY AS item (product_id, quantity, line)
       JOIN products ON products.id = product_id`,
      [order, items.map(({ productId }) => productId), items.map(({ quantity }) => quantity)],
    );
    if (rowCount !== items.length) throw new Unacceptable('an item is of a product that there is not');
    await client.query(
      `UPDATE orders SET total = (SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = $1) WHERE id = $1`,
      [order],
    );
    await client.query(
      `INSERT INTO payments (order_id, paid_at, amount, method) SELECT id, ordered_at, total, 'card' FROM orders WHERE id = $1`,
      [order],
    );
    return order;
  });
  await events.tell('orders', id, { id: Number(id), customerId, orderedAt });
  return { status: 201, body: { id } };
};

const find = async (id: string) => {
  const order = await cache.through(`order:${id}`, KEPT_SECONDS, async () => {
    const [row] = await database.rows(
      `SELECT id, customer_id AS "customerId", ordered_at AS "orderedAt", status, total FROM orders WHERE id = $1`,
      [id],
    );
    return row;
  });
  return order ? { status: 200, body: order } : { status: 404, body: { error: `there is no order ${id}` } };
};

/** Orders are written: a database that only reads is not enough. */
const takesWrites = async (): Promise<void> => {
  const [row] = await database.rows<{ writable: boolean }>(
    `SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off' AS writable FROM (SELECT id FROM orders LIMIT 1) AS orders
     RIGHT JOIN (VALUES (1)) AS always ON true`,
  );
  if (!row?.writable) throw new Error('the database takes no writes');
};

serve(
  [
    { method: 'POST', path: /^\/orders$/, answer: (_, body) => take(body) },
    { method: 'GET', path: /^\/orders\/(\d{1,18})$/, answer: find },
  ],
  { database: takesWrites, cache: cache.ping },
);
