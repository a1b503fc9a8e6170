import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../local/engines/ports.ts';
import { type Deployment, isReady, type Pod } from '../../../local/services/eks/api/objects.ts';
import { DEPLOYMENTS, PODS } from '../../../local/services/eks/api/resources.ts';
import type { Cluster } from '../../../local/services/eks/clusters.ts';
import { fillShop } from '../../../local/story/shop-data.ts';
import {
  CONFIG_MAP,
  createShopCluster,
  NAMESPACE,
  SHOP_SERVICES,
  type ShopService,
} from '../../../local/workloads/cluster.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../local/world.ts';

// Processes start slowly where many others run.
vi.setConfig({ testTimeout: 120_000 });

const DATABASE = { name: 'shop', user: 'shop', password: 'correct-horse-battery' };
const TOKEN = 'sixteen-characters-at-least';

let directory: string;
let world: LocalWorld;
let region: LocalRegion;
let cluster: Cluster;
let ports: Record<ShopService, number>;
let client: pg.Client;

const call = (service: string, operation: string, input: object) =>
  region.call(service, operation, input, world.iam.operator);
const pods = (): Pod[] => cluster.store.list<Pod>(PODS, NAMESPACE);
const until = (condition: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = cluster.store.watch(cluster.store.version(), () => setImmediate(look));
    const look = (): void => {
      if (!condition()) return;
      stop();
      resolve();
    };
    look();
  });

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'shop-'));
  world = await createWorld({ directory, regions: ['us-east-1', 'us-west-2'] });
  region = world.region('us-east-1');
  await call('rds', 'CreateDBInstance', {
    DBInstanceIdentifier: 'shop-db',
    DBName: DATABASE.name,
    Engine: 'postgres',
    DBInstanceClass: 'db.m6g.large',
    AllocatedStorage: 20,
    MasterUsername: DATABASE.user,
    MasterUserPassword: DATABASE.password,
  });
  await call('elasticache', 'CreateReplicationGroup', {
    ReplicationGroupId: 'shop-cache',
    ReplicationGroupDescription: 'the shop',
    CacheNodeType: 'cache.t4g.small',
    NumCacheClusters: 1,
    TransitEncryptionEnabled: true,
    AuthToken: TOKEN,
  });
  await world.clock.settled();
  const { host, port } = region.rds.server('shop-db');
  const ca = readFileSync(path.join(region.directory, 'ca.pem'), 'utf8');
  client = new pg.Client({
    host,
    port,
    database: DATABASE.name,
    user: DATABASE.user,
    password: DATABASE.password,
    ssl: { ca },
  });
  await client.connect();
  await fillShop(client, 0.001, world.clock.now());
  ports = { order: await freePort(), customer: await freePort(), product: await freePort() };
  const at = (name: ShopService) => ({ port: ports[name], hostName: `${name}.elb.us-east-1.amazonaws.com` });
  cluster = await createShopCluster(region, {
    name: 'shop',
    database: { ...DATABASE, host, port },
    cache: region.elasticache.server('shop-cache'),
    replicas: 1,
    services: { order: at('order'), customer: at('customer'), product: at('product') },
    access: [],
  });
}, 240_000);
afterAll(async () => {
  await client?.end();
  await world.close();
  await rm(directory, { recursive: true, force: true });
});
beforeEach(async () => {
  await until(() => pods().filter(isReady).length === SHOP_SERVICES.length);
  await world.clock.settled();
});

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a service answers, looked at by tests.
  body: any;
}

/** One request through the load balancer, by the name that leads to it. */
const ask = (name: ShopService, path_: string, body?: object): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const [host] = world.dns.resolve(`${name}.elb.us-east-1.amazonaws.com`);
    const options = { host, port: ports[name], path: path_, method: body ? 'POST' : 'GET', agent: false as const };
    const asked = request(options, (response) => {
      text(response).then(
        (content) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(content) }),
        reject,
      );
    });
    asked.on('error', reject);
    asked.end(body && JSON.stringify(body));
  });

const ORDER = {
  customerId: 1,
  items: [
    { productId: 1, quantity: 2 },
    { productId: 2, quantity: 1 },
  ],
};

describe('the shop on Kubernetes', () => {
  it('is healthy when every service reaches its database and its cache', async () => {
    for (const name of SHOP_SERVICES)
      expect(await ask(name, '/health')).toEqual({ status: 200, body: { database: 'ok', cache: 'ok' } });
  });

  it('takes an order and acknowledges it with what is in the database', async () => {
    const { status, body } = await ask('order', '/orders', ORDER);
    expect(status).toBe(201);
    const { rows } = await client.query(
      `SELECT o.total, sum(i.quantity * i.unit_price) AS lines, count(*)::int AS items, max(p.amount) AS paid
       FROM orders o JOIN order_items i ON i.order_id = o.id JOIN payments p ON p.order_id = o.id WHERE o.id = $1 GROUP BY o.id`,
      [body.id],
    );
    expect(rows[0]).toMatchObject({ items: 2, total: rows[0].lines, paid: rows[0].lines });
    expect((await ask('order', `/orders/${body.id}`)).body).toMatchObject({
      id: body.id,
      customerId: '1',
      status: 'paid',
    });
  });

  it('dates an order as the customer says', async () => {
    const { body } = await ask('order', '/orders', { ...ORDER, orderedAt: '2026-11-20T10:00:00.000Z' });
    expect((await ask('order', `/orders/${body.id}`)).body.orderedAt).toBe('2026-11-20T10:00:00.000Z');
  });

  it.each<[string, object]>([
    ['without items', { customerId: 1, items: [] }],
    ['of a customer that there is not', { ...ORDER, customerId: 99_999_999 }],
    ['of a product that there is not', { customerId: 1, items: [{ productId: 99_999_999, quantity: 1 }] }],
    ['of nothing', { customerId: 1, items: [{ productId: 1, quantity: 0 }] }],
  ])('refuses an order %s, and keeps nothing of it', async (_, order) => {
    const count = async () => (await client.query('SELECT count(*) FROM orders')).rows[0].count;
    const before = await count();
    expect((await ask('order', '/orders', order)).status).toBe(422);
    expect(await count()).toBe(before);
  });

  it('answers customers and products from the cache once they were read', async () => {
    expect((await ask('customer', '/customers/2')).body).toMatchObject({ id: '2', email: 'customer2@example.com' });
    expect((await ask('product', '/products/3')).body).toMatchObject({ id: '3', sku: 'SKU-00000003' });
    await client.query(`UPDATE customers SET name = 'changed' WHERE id = 2`);
    expect((await ask('customer', '/customers/2')).body.name).not.toBe('changed');
    expect((await ask('customer', '/customers/99999999')).status).toBe(404);
  });

  it('serves without its cache, from the database, and is not healthy', async () => {
    await region.elasticache.stopServers();
    expect((await ask('customer', '/customers/5')).body).toMatchObject({ id: '5' });
    await until(() => pods().every((pod) => !isReady(pod)));
    await world.clock.settled();
    await expect(ask('order', '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // It comes back with another one, whose address a new template brings along.
    await call('elasticache', 'CreateReplicationGroup', {
      ReplicationGroupId: 'shop-cache-2',
      ReplicationGroupDescription: 'the shop',
      CacheNodeType: 'cache.t4g.small',
      NumCacheClusters: 1,
      TransitEncryptionEnabled: true,
      AuthToken: TOKEN,
    });
    await world.clock.settled();
    const { host, port } = region.elasticache.server('shop-cache-2');
    cluster.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: CONFIG_MAP, namespace: NAMESPACE },
      data: { CACHE_HOST: host, CACHE_PORT: `${port}` },
    });
    for (const name of SHOP_SERVICES)
      cluster.apply({
        ...cluster.store.named<Deployment>(DEPLOYMENTS, NAMESPACE, name),
        metadata: { name, namespace: NAMESPACE },
        spec: { template: { metadata: { annotations: { cache: 'two' } } } },
      });
    await until(() => pods().filter(isReady).length === SHOP_SERVICES.length && pods().every(isReady));
    await world.clock.settled();
    expect((await ask('customer', '/health')).status).toBe(200);
  });

  it('does not acknowledge an order that the database did not commit', async () => {
    await client.query('ALTER TABLE payments ADD CONSTRAINT broken CHECK (amount < 0) NOT VALID');
    expect((await ask('order', '/orders', ORDER)).status).toBe(503);
    await client.query('ALTER TABLE payments DROP CONSTRAINT broken');
    expect((await ask('order', '/orders', ORDER)).status).toBe(201);
  });

  it('is not ready to take orders while its database only reads', async () => {
    await client.query(`ALTER DATABASE shop SET default_transaction_read_only = on`);
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop' AND pid <> pg_backend_pid()`,
    );
    const order = () => pods().filter(({ metadata }) => metadata.labels?.app === 'order');
    await until(() => order().every((pod) => !isReady(pod)));
    expect(pods().filter(isReady)).toHaveLength(2);
    await client.query('SET default_transaction_read_only = off');
    await client.query(`ALTER DATABASE shop RESET default_transaction_read_only`);
    await client.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'shop' AND pid <> pg_backend_pid()`,
    );
    await until(() => order().every(isReady));
  });
});
