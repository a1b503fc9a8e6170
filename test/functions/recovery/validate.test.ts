import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/validate.json' with { type: 'json' };
import { CHECKLIST, TESTS } from '../../../functions/recovery/checklist.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import { handler } from '../../../functions/recovery/validate.ts';
import type { Validated } from '../../../functions/recovery/validation.ts';
import { validationKey } from '../../../shared/recovery/documents.ts';
import { invoke } from '../../support/platform.ts';
import { snapshotPoint } from '../../support/points.ts';
import { type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let lab: Laboratory;
let server: TestServer;
let region: RecoveryRegion;

beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
  await server.sql(`SET ROLE shop;
    CREATE TABLE customers (id bigint PRIMARY KEY, email text);
    CREATE TABLE products (id bigint PRIMARY KEY, price numeric);
    CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers, ordered_at timestamptz, total numeric);
    CREATE TABLE order_items (order_id bigint REFERENCES orders, product_id bigint, quantity int, unit_price numeric);
    CREATE TABLE payments (order_id bigint REFERENCES orders);
    INSERT INTO customers SELECT i, 'c' || i || '@example.com' FROM generate_series(1, 120) i;
    INSERT INTO products SELECT i, 5 FROM generate_series(1, 20) i;
    INSERT INTO orders SELECT i, i, '2026-11-20 02:00Z', 5 FROM generate_series(1, 120) i;
    INSERT INTO order_items SELECT i, 1, 1, 5 FROM generate_series(1, 120) i;
    INSERT INTO payments SELECT i FROM generate_series(1, 120) i`);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

beforeEach(async () => {
  region = recoveryRegion();
  await region.declared();
  await region.finished('fence', { confirmed: true });
  await region.finished('database', { instance: 'shop-db-replica' });
  await region.finished('monitoring', { schedules: 18 });
  region.serve('recovery', 'shop-db-replica', server, { StorageEncrypted: true });
  await region.vault.addPoint(snapshotPoint(new Date(TIME), { startedAt: TIME, status: 'started' }));
  vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('fine'));
  mockClient(CloudWatchClient)
    .on(GetMetricStatisticsCommand)
    .resolves({ Datapoints: [{ SampleCount: 1 }] })
    .on(DescribeAlarmsCommand)
    .resolves({ MetricAlarms: [{ AlarmName: 'rpo', ActionsEnabled: true }] });
});
afterEach(() => vi.useRealTimers());

const run = () => invoke(handler, sample) as Promise<Step>;
const points = (): Validated[] => JSON.parse(region.vault.text(validationKey(ID))).points;
const pointNamed = (title: string): Validated | undefined => points().find((point) => point.title === title);
/** The end of the phase's time: what fails then is told instead of tried again. */
const runLate = async () => {
  await run();
  region.setTime(new Date(Date.parse(TIME) + 3600_000));
  return run();
};

describe('the checklist', () => {
  it('has sixty points in six groups, each answered by somebody', () => {
    expect(CHECKLIST).toHaveLength(60);
    expect([...Map.groupBy(CHECKLIST, ({ group }) => group).values()].map(({ length }) => length)).toEqual([
      10, 10, 10, 10, 10, 10,
    ]);
  });

  it('uses every test that there is', () => {
    const used = new Set(CHECKLIST.flatMap(({ by }) => ('test' in by ? by.test : [])));
    expect([...used].sort()).toEqual([...TESTS].sort());
  });
});

describe('a validation', () => {
  it('finds nothing wrong with what is as it should be, except for what only https could show', async () => {
    const answer = await runLate();
    expect(answer).toMatchObject({ done: true, facts: { failed: ['certificates are valid: Error'] } });
    expect(points()).toHaveLength(60);
  });

  it('puts to people what only people can say, in one message', async () => {
    await runLate();
    const [message] = region.messages;
    expect(region.messages).toHaveLength(1);
    expect(message?.text).toContain('Place a test order');
    expect(message?.text).toContain('aws s3 cp s3://');
  });

  it('looks again while its time is not over, and says what is wrong', async () => {
    await server.sql('UPDATE products SET price = -1 WHERE id = 7');
    const answer = await run();
    expect(answer).toMatchObject({ done: false, found: expect.stringContaining('no product price is negative') });
    expect(region.messages).toEqual([]);
    await server.sql('UPDATE products SET price = 5 WHERE id = 7');
  });

  it.each([
    ['no future', 5, { result: 'passed' }],
    ['the future', 600, { result: 'failed', found: expect.stringContaining('no order lies in the future') }],
  ])('takes a row for one of %s that is dated %s s after it began to look', async (_, seconds, expected) => {
    const at = new Date(Date.parse(TIME) + 3600_000 + seconds * 1000).toISOString();
    await server.sql(`UPDATE orders SET ordered_at = '${at}' WHERE id = 7`);
    await runLate();
    await server.sql(`UPDATE orders SET ordered_at = '2026-11-20 02:00Z' WHERE id = 7`);
    expect(pointNamed('configured checks of the database pass')).toMatchObject(expected);
  });

  it('finds schedules that were not switched on', async () => {
    await region.finished('monitoring', { schedules: 0 });
    await runLate();
    expect(pointNamed('what runs on a schedule runs')).toMatchObject({ result: 'failed', found: '0 schedules' });
  });

  it('names rows that point to nothing', async () => {
    await server.sql('INSERT INTO order_items VALUES (1, 999, 1, 0)');
    await runLate();
    expect(pointNamed('no row points to nothing')).toMatchObject({
      result: 'failed',
      found: expect.stringContaining('product_id'),
    });
    await server.sql('DELETE FROM order_items WHERE product_id = 999');
  });

  it('says that the old primary is not shut out', async () => {
    await region.finished('fence', { confirmed: false, found: 'it does not answer' });
    await runLate();
    expect(pointNamed('the old primary takes no writes')).toMatchObject({ result: 'failed' });
  });

  it('says that nothing was backed up since', async () => {
    region.vault.remove(region.vault.keys('catalog/')[0] ?? '');
    await runLate();
    expect(pointNamed('backups are taken here now')).toMatchObject({ result: 'failed', found: 'none' });
  });

  it('takes a database that cannot be reached for unanswered, never for passed', async () => {
    await server.stop();
    await runLate();
    await server.start();
    expect(pointNamed('database answers and takes writes')).toMatchObject({ result: 'unanswered' });
    expect(pointNamed('row counts are as expected')).toMatchObject({ result: 'unanswered' });
  });

  it('finds a database that was left read-only', async () => {
    await server.sql('ALTER DATABASE shop SET default_transaction_read_only = on');
    await runLate();
    expect(pointNamed('database answers and takes writes')).toMatchObject({ result: 'failed' });
    await server.sql('SET transaction_read_only = off; ALTER DATABASE shop RESET default_transaction_read_only');
  });

  it('finds alarms that tell nobody', async () => {
    mockClient(CloudWatchClient)
      .on(DescribeAlarmsCommand)
      .resolves({ MetricAlarms: [{ AlarmName: 'rpo', ActionsEnabled: false }] });
    await runLate();
    expect(pointNamed('alarms act here')).toMatchObject({ result: 'failed', found: expect.stringContaining('rpo') });
  });
});
