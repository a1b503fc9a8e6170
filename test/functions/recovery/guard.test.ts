import { SchedulerClient } from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/guard.json' with { type: 'json' };
import type { Guarded } from '../../../functions/recovery/fence-watch.ts';
import { handler } from '../../../functions/recovery/guard.ts';
import { type Epoch, epochKey, Watch, watchKey } from '../../../shared/recovery/documents.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { DATABASE, type Laboratory, openLaboratory, type TestServer } from '../../support/postgres.ts';
import { ID, type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';
import { once } from '../../support/vault.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

let lab: Laboratory;
let server: TestServer;
let region: RecoveryRegion;
const connections: pg.Client[] = [];

beforeAll(async () => {
  lab = await openLaboratory();
  server = await lab.cluster();
  await server.sql(`ALTER ROLE shop CREATEROLE; GRANT pg_signal_backend TO shop; CREATE TABLE orders (id int);
    SET ROLE shop; CREATE ROLE shop_app LOGIN PASSWORD 'x'; RESET ROLE; GRANT ALL ON orders TO shop_app`);
}, 120_000);
afterAll(() => lab[Symbol.asyncDispose]());

beforeEach(async () => {
  region = recoveryRegion();
  // Schedules and alarms of the other region are told in the tests of monitoring.
  mockClient(SchedulerClient).onAnyCommand().resolves({});
  await region.declared({ status: 'done', endedAt: TIME });
  await region.finished('fence', { outcome: 'unreachable', confirmed: false });
  await region.finished('monitoring', { left: { off: true, found: '' } });
  region.serve('primary', 'shop-db', server);
  await server.sql('ALTER ROLE shop_app LOGIN');
});
afterEach(async () => {
  vi.useRealTimers();
  await Promise.all(connections.splice(0).map((client) => client.end()));
});

const guard = () => invoke(handler, sample) as Promise<Guarded>;
const write = async (client: pg.Client) => client.query('INSERT INTO orders VALUES (1)');
const connect = async (): Promise<pg.Client> => {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: server.port, database: DATABASE, ssl: true, user: 'shop_app', password: 'x' },
  });
  client.on('error', () => undefined);
  await client.connect();
  connections.push(client);
  return client;
};
const watch = () => Watch.parse(JSON.parse(region.vault.text(watchKey(ID))));
const there = (change: Partial<Epoch>) =>
  region.vault.place(
    epochKey(PRIMARY),
    JSON.stringify({
      ...{ epoch: 2, failoverId: 'back', kind: 'failback', from: RECOVERY, to: PRIMARY, execution: 'e', reason: 'r' },
      ...{ status: 'done', declaredAt: TIME, ...change },
    }),
  );

describe('an old primary that comes back', () => {
  it('takes no writes of the application once the watch has looked, and people are told when it was found shut', async () => {
    const writer = await connect();
    await write(writer);
    expect(await guard()).toEqual({ found: 'closing', fenced: false });
    await expect(write(writer)).rejects.toThrow();
    await expect(connect()).rejects.toThrow(/not permitted to log in/);
    expect(region.messages).toEqual([]);
    expect(await guard()).toEqual({ found: 'fenced', fenced: true });
    expect(region.messages).toMatchObject([{ topic: 'disaster', subject: expect.stringContaining('came back') }]);
    expect(region.messages[0]?.text).toContain('sessions ended: 1');
    expect(watch()).toMatchObject({ sessionsEnded: 1, fencedAt: TIME });
  });

  it('is left alone once it was found shut', async () => {
    await guard();
    await guard();
    await server.sql('ALTER ROLE shop_app LOGIN');
    expect(await guard()).toEqual({ found: 'nothing left to do', fenced: true });
    await connect();
    expect(region.messages).toHaveLength(1);
  });

  it('is told again where the call died before it was noted', async () => {
    await guard();
    region.vault.before = once(new Error('killed'), (of, key) => of === 'put' && key === watchKey(ID));
    await expect(guard()).rejects.toThrow('killed');
    await guard();
    expect(region.messages).toHaveLength(2);
    expect(watch().fencedAt).toBe(TIME);
  });

  it('that is not back yet is tried again, without a word', async () => {
    region.rds.before = () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    expect(await guard()).toEqual({ found: 'unreachable', fenced: false });
    expect(await guard()).toEqual({ found: 'unreachable', fenced: false });
    expect(region.messages).toEqual([]);
  });

  it('that cannot be shut is told at once, and once', async () => {
    await server.sql('ALTER ROLE shop_app SUPERUSER');
    await guard();
    expect(await guard()).toEqual({ found: 'not-fenced', fenced: false });
    expect(region.messages).toMatchObject([{ topic: 'critical', subject: expect.stringContaining('CANNOT be shut') }]);
    await server.sql('ALTER ROLE shop_app NOSUPERUSER');
    await guard();
    expect(await guard()).toMatchObject({ fenced: true });
  });
});

describe('the watch does nothing', () => {
  const untouched = async (found: RegExp): Promise<void> => {
    await connect();
    expect((await guard()).found).toMatch(found);
    await connect();
    expect(region.messages).toEqual([]);
  };

  it('where nothing ever moved here', async () => {
    region.vault.remove(epochKey(RECOVERY));
    await untouched(/no failover/);
  });

  it('before the failover has tried it itself', async () => {
    await region.declared();
    region.vault.remove(`recovery/${ID}/phases/fence.json`);
    await untouched(/own affair/);
  });

  it('where the failover shut it', async () => {
    await region.finished('fence', { outcome: 'fenced', confirmed: true });
    await untouched(/nothing left/);
  });

  it('after a failover that was given up', async () => {
    await region.declared({ status: 'abandoned' });
    await untouched(/does not live here/);
  });

  it('after the platform moved back, which the other region says itself', async () => {
    await there({ status: 'running' });
    await untouched(/does not live here/);
  });

  it('where the other region does not say, and the replica of its epoch here says that the platform moved back', async () => {
    await there({});
    region.vault.before = once(
      Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      (of, key) => of === 'get' && key === epochKey(PRIMARY),
    );
    await untouched(/does not live here/);
  });

  it('in the primary region, which has no such replica, where the other region does not say', async () => {
    vi.stubEnv('AWS_REGION', PRIMARY);
    vi.stubEnv('LIFEBOAT_ROLE', 'primary');
    vi.stubEnv('PEER_REGION', RECOVERY);
    await there({});
    await region.vault.place(
      'recovery/back/phases/fence.json',
      JSON.stringify({ phase: 'fence', startedAt: TIME, endedAt: TIME, attempts: 1, facts: { confirmed: false } }),
    );
    region.vault.before = (of, key) => {
      if (of === 'get' && key === epochKey(RECOVERY)) throw Object.assign(new Error('x'), { code: 'ECONNREFUSED' });
    };
    await untouched(/does not live here/);
  });
});
