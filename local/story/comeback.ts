// The lost region comes back, with its old database and pods that know nothing of what happened: nobody may write there any more.
import { Rejoin, rejoinKey } from '../../shared/recovery/rejoin.ts';
import type { LocalPlatform } from '../platform.ts';
import { application } from '../platform.ts';
import { askAt } from './customers.ts';
import { FAILOVER, type FailedOver } from './failover.ts';
import { keyOf, ordersIn, ordersSince, unshipped } from './losses.ts';
import { mailAbout, readObject, startMachine, until, untilEnded } from './observations.ts';
import type { Progress } from './progress.ts';

export const comeBack = async (platform: LocalPlatform, progress: Progress, failedOver: FailedOver): Promise<void> => {
  const { world, primary, recovery } = platform;
  const { customers, killedAt, lost } = failedOver;
  const before = customers.acknowledged.length;
  await world.restorePower(primary.name);
  progress.step(world.clock.now(), `${primary.name} has power again: its database and its pods start as they were`);
  const shut = await until(platform, () => mailAbout(platform, 'came back and was shut'), 10);
  progress.claim('the watch shuts the old primary to the application, and tells people', shut);
  progress.claim(
    'the application cannot log in to the old database',
    await refused(
      async () => (await platform.connect(primary, 'shop-db', application)).end(),
      'not permitted to log in',
    ),
  );
  progress.claim(
    'an order carried to the old region’s own door is not taken',
    await refused(() => orderAt(platform, 'shop-orders.elb.us-east-1.amazonaws.com')),
  );
  const written = await ordersSince(primary, 'shop-db', killedAt);
  progress.claim('the old database has no order of after it was lost', written === 0, `${written} orders`);
  await proveLoss(platform, progress, { customers, killedAt, lost });
  await world.clock.advanceTo(new Date(world.clock.now().getTime() + 120_000));
  progress.claim(
    'names still lead to the other region, and customers noticed nothing of the comeback',
    world.dns.resolve('orders.shop.example')[0] === world.dns.resolve('shop-orders.elb.us-west-2.amazonaws.com')[0] &&
      customers.acknowledged.length > before + 30 &&
      customers.interruption().from <= killedAt,
  );
  await customers.stop();
  const there = await ordersIn(recovery, 'shop-db-replica', customers.acknowledged);
  const gone = new Set(lost.map(keyOf));
  const unaccounted = customers.acknowledged.filter((order) => there.has(keyOf(order)) === gone.has(keyOf(order)));
  progress.claim(
    `of ${customers.acknowledged.length} orders acknowledged in all, ${there.size} are there and ${lost.length} lost, none else is missing`,
    unaccounted.length === 0,
    unaccounted.map(keyOf).join(', '),
  );
  await rejoin(platform, progress, failedOver);
};

/** The way back: what only the old database has is told row by row, and a replica of the living one takes its place. */
const rejoin = async (platform: LocalPlatform, progress: Progress, { lost }: FailedOver): Promise<void> => {
  const { primary, recovery, stacks, world } = platform;
  const execution = await startMachine(platform, 'rejoin', { platform: 'shop' }, primary);
  const status = await untilEnded(platform, execution);
  const bucket = stacks.primary.outputs.VaultBucketName as string;
  const found = Rejoin.parse(
    JSON.parse(await readObject(platform, primary, bucket, rejoinKey(FAILOVER, primary.name))),
  );
  const orders = found.tables.find(({ table }) => table === 'public.orders');
  // The number of a lost order may have been given to another one since: then both sides have a row of it. An order that nobody
  // was told of may be listed, too.
  const listed = new Set(orders?.keys.map(({ kind, key }) => `${kind} ${key}`));
  const unlisted = lost.filter(({ id }) => !listed.has(`leftInserted ${id}`) && !listed.has(`bothChanged ${id}`));
  const rows = found.tables.reduce((sum, table) => sum + table.rows, 0);
  progress.step(
    world.clock.now(),
    `${rows} rows of the old database, kept as ${found.keptAs}, compared with the living one`,
  );
  progress.claim(
    `the report lists each of the ${lost.length} orders that were lost`,
    unlisted.length === 0,
    `${unlisted.map(keyOf).join(', ')} not in ${JSON.stringify(orders)}`,
  );
  progress.claim(
    `${primary.name} follows ${recovery.name} and could take the platform back`,
    status === 'SUCCEEDED' && found.readyAt !== undefined,
    status,
  );
};

/** The old database's own log says what had not been shipped: exactly that is lost, and nothing of it was never written. */
const proveLoss = async (
  platform: LocalPlatform,
  progress: Progress,
  { customers, killedAt, lost }: FailedOver,
): Promise<void> => {
  const old = customers.acknowledged.filter(({ at }) => at <= killedAt);
  const written = await ordersIn(platform.primary, 'shop-db', old);
  const never = old.filter((order) => !written.has(keyOf(order)));
  progress.claim(
    'the old database has every order that it acknowledged',
    never.length === 0,
    never.map(keyOf).join(', '),
  );
  const behind = await unshipped(platform);
  const notShipped = old.filter((order) => behind.has(written.get(keyOf(order)) ?? '')).map(keyOf);
  progress.claim(
    `what was lost is exactly what replication had not shipped, by the old database’s log: ${notShipped.length} orders`,
    notShipped.toSorted().join() === lost.map(keyOf).toSorted().join(),
    `not shipped: ${notShipped.join(', ')}; lost: ${lost.map(keyOf).join(', ')}`,
  );
};

const orderAt = ({ world }: LocalPlatform, hostName: string) => {
  const order = { customerId: 1, items: [{ productId: 1, quantity: 1 }], orderedAt: world.clock.now() };
  return askAt(world.dns.resolve(hostName)[0] ?? '', 'orders.shop.example', '/orders', order);
};

const refused = async (attempt: () => Promise<unknown>, because = ''): Promise<boolean> =>
  attempt().then(
    () => false,
    (error: Error) => error.message.includes(because),
  );
