// Schemas archived with a real cluster, and brought back into a registry: a stand-in (test/support/registry.ts), for Confluent's cannot be had here.
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { archiveShare } from '../../../functions/kafka/archiving.ts';
import { handler as commitHandler } from '../../../functions/kafka/commit-archive.ts';
import { handler as openHandler } from '../../../functions/kafka/open-archive.ts';
import { restoreRegistry } from '../../../functions/kafka/registry-restores.ts';
import { handler as restoreHandler } from '../../../functions/kafka/restore-registry.ts';
import { readManifest } from '../../../shared/artifacts/manifest.ts';
import { ArchiveIndex, besideKey, indexKey } from '../../../shared/kafka/archive.ts';
import { RegistryArchive } from '../../../shared/kafka/schemas.ts';
import { ACCOUNT, PRIMARY } from '../../support/environment.ts';
import { type Between, type Fault, openBetween } from '../../support/http-between.ts';
import platform from '../../support/kafka.config.ts';
import { createTopic, describeKafka } from '../../support/kafka.ts';
import { type KafkaPlatform, openKafkaPlatform } from '../../support/kafka-platform.ts';
import { invoke } from '../../support/platform.ts';
import { openTestRegistry, type TestRegistry } from '../../support/registry.ts';

vi.mock('#platform', () => import('../../support/kafka.config.ts'));
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const SOURCE = 'shop-events';
const EXECUTION = `arn:aws:states:${PRIMARY}:${ACCOUNT}:execution:lifeboat-shop-test-archive-kafka:1`;
const source = platform.sources[SOURCE];
let test: KafkaPlatform;
let registry: TestRegistry;
let between: Between;
let number = 0;

const record = (...fields: string[]): string =>
  JSON.stringify({
    type: 'record',
    name: 'Order',
    fields: fields.map((name) => ({ name, type: 'string', default: '' })),
  });
const call = async (method: string, path: string, body?: object): Promise<Response> => {
  const answer = await fetch(`${registry.url}${path}`, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  return answer;
};
const done = async (method: string, path: string, body?: object): Promise<void> => {
  const answer = await call(method, path, body);
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
};
/** Everything that the stand-in holds. */
const held = () =>
  structuredClone([registry.subjects, registry.modes, registry.configs].map((each) => [...each].toSorted()));
const empty = (): void => {
  registry.subjects.clear();
  registry.modes.clear();
  registry.modes.set('', 'READWRITE');
  registry.configs.clear();
  registry.configs.set('', { compatibilityLevel: 'BACKWARD' });
};
/** Several versions, one deleted, references to it and across subjects in the wrong order of names, another context, modes and levels. */
const fill = async (): Promise<void> => {
  await done('POST', '/subjects/z-address/versions', { schema: record('street') });
  await done('POST', '/subjects/z-address/versions', { schema: record('street', 'city') });
  const references = [{ name: 'Address', subject: 'z-address', version: 1 }];
  await done('POST', '/subjects/orders-value/versions', { schema: record('id', 'address'), references });
  await done('POST', '/subjects/orders-value/versions', {
    schema: record('id', 'address', 'total'),
    metadata: { properties: { owner: 'shop' } },
  });
  await done('POST', '/subjects/gone-value/versions', { schema: record('x') });
  await done('POST', '/subjects/proto-value/versions', { schema: 'message Order {}', schemaType: 'PROTOBUF' });
  await done('POST', `/subjects/${encodeURIComponent(':.audit:orders-value')}/versions`, {
    schema: record('in', 'another', 'context'),
  });
  await done('DELETE', '/subjects/orders-value/versions/1');
  await done('DELETE', '/subjects/z-address/versions/1');
  await done('DELETE', '/subjects/gone-value/versions/1');
  await done('PUT', '/config', { compatibility: 'FULL' });
  await done('PUT', '/config/orders-value', { compatibility: 'NONE', normalize: true });
  await done('PUT', '/mode/proto-value', { mode: 'READONLY' });
};
const archive = async (minute = 0): Promise<ArchiveIndex> => {
  const scheduledAt = `2026-11-20T03:${String(minute).padStart(2, '0')}:00Z`;
  const opened = await invoke(
    openHandler,
    { source: SOURCE, scheduledAt, purpose: 'scheduled', execution: EXECUTION },
    120_000,
  );
  const { recoveryPoint, shares } = opened;
  for (const share of shares) await archiveShare({ recoveryPoint, share }, { remainingMs: () => 600_000 });
  await invoke(commitHandler, { recoveryPoint }, 120_000);
  return ArchiveIndex.parse(JSON.parse((await test.read(indexKey(recoveryPoint))).toString()));
};
const restore = (recoveryPoint: string, restoreId = 'schemas') =>
  invoke(restoreHandler, { restoreId, recoveryPoint }, 600_000);

describeKafka('own')('schemas', () => {
  beforeAll(async () => {
    test = await openKafkaPlatform();
    registry = await openTestRegistry();
    between = await openBetween(registry.url);
  });
  afterAll(async () => {
    await between[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await test[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.begin();
    const topic = `audit.orders-${++number}`;
    await createTopic(test.kafka.bootstrap, topic);
    vi.spyOn(source, 'bootstrap', 'get').mockReturnValue(test.kafka.bootstrap.split(','));
    vi.spyOn(source.topics, 'include', 'get').mockReturnValue([topic]);
    Object.assign(source, { registry: { url: between.url } });
    empty();
    between.seen.length = 0;
  });
  afterEach(() => {
    between.fault = () => undefined;
    registry.login = undefined;
    delete source.registry;
    vi.restoreAllMocks();
  });

  it('are archived with their ids, versions, references, levels and modes, deleted ones and other contexts too, under a digest', async () => {
    await fill();
    const { recoveryPoint, beside } = await archive();
    const archived = RegistryArchive.parse(
      JSON.parse((await test.read(besideKey(recoveryPoint, 'registry'))).toString()),
    );
    expect(archived).toMatchObject({
      mode: 'READWRITE',
      config: { compatibilityLevel: 'FULL' },
      contexts: ['.', '.audit'],
    });
    const of = (name: string) => archived.subjects.find(({ subject }) => subject === name);
    expect(of('orders-value')).toMatchObject({
      config: { compatibilityLevel: 'NONE', normalize: true },
      versions: [
        { version: 1, id: 3, deleted: true, references: [{ subject: 'z-address', version: 1 }] },
        { version: 2, id: 4, deleted: false, metadata: { properties: { owner: 'shop' } } },
      ],
    });
    expect(of('gone-value')?.versions).toMatchObject([{ version: 1, deleted: true }]);
    expect(of('proto-value')).toMatchObject({ mode: 'READONLY', versions: [{ schemaType: 'PROTOBUF' }] });
    expect(of(':.audit:orders-value')?.versions).toMatchObject([{ id: 1 }]);
    const manifest = (await test.point(recoveryPoint)).artifacts.find(({ lists }) => lists !== undefined);
    expect(await readManifest(manifest as never)).toContainEqual((beside.registry as { artifact: object }).artifact);
  });

  it('come back into an empty registry exactly as they were, and a second time changes nothing', async () => {
    await fill();
    const before = held();
    const { recoveryPoint } = await archive();
    empty();
    expect(await restore(recoveryPoint)).toEqual({ done: true, subjects: 5, versions: 7 });
    expect(held()).toEqual(before);
    between.seen.length = 0;
    await restore(recoveryPoint);
    await restore(recoveryPoint, 'under-another-id');
    expect(held()).toEqual(before);
    expect(between.seen.filter((asked) => !asked.startsWith('GET'))).toEqual([]);
  });

  it.each<Fault>(['lost', 'never', { status: 500, body: { error_code: 50001, message: 'store' } }])(
    'come back where every change meets this once, and the call is made again: %j',
    async (fault) => {
      await fill();
      const before = held();
      const { recoveryPoint } = await archive();
      empty();
      const met = new Map<string, number>();
      between.fault = (asked) => {
        if (asked.startsWith('GET')) return undefined;
        met.set(asked, (met.get(asked) ?? 0) + 1);
        // A subject has several versions under one address: every one of them.
        return (met.get(asked) ?? 0) % 2 === 1 ? fault : undefined;
      };
      let failures = 0;
      for (let calls = 0; calls < 100; calls++) {
        const result = await restore(recoveryPoint).catch((error: Error) => {
          expect(error.name).toBe('RestUnreachable');
          failures += 1;
          return undefined;
        });
        if (result?.done) break;
      }
      expect(held()).toEqual(before);
      expect(failures).toBeGreaterThan(10);
    },
  );

  it('go on in the next call where the time of one is over', async () => {
    await fill();
    const before = held();
    const { recoveryPoint } = await archive();
    empty();
    let calls = 0;
    for (let done_ = false; !done_; calls++) {
      let left = 2;
      const work = { remainingMs: () => (left-- > 0 ? 600_000 : 1_000) };
      ({ done: done_ } = await restoreRegistry({ restoreId: 'in-pieces', recoveryPoint }, work));
    }
    expect(calls).toBeGreaterThan(4);
    expect(held()).toEqual(before);
  });

  it.each([
    ['another schema under an id', '/subjects/elsewhere/versions', 'another schema has this id'],
    ['another schema in a version', '/subjects/orders-value/versions', 'another schema'],
  ])('are refused by a registry with %s, and nothing of it is changed', async (_, path, why) => {
    await fill();
    const { recoveryPoint } = await archive();
    empty();
    await done('POST', path, { schema: record('somebody', 'elses') });
    const before = held();
    await expect(restore(recoveryPoint)).rejects.toMatchObject({
      name: 'RestoreRefused',
      message: expect.stringContaining(why),
    });
    expect(held()).toEqual(before);
  });

  it('come beside other subjects of a registry, whose level and mode for all then stay as they are', async () => {
    await done('POST', '/subjects/orders-value/versions', { schema: record('id') });
    await done('PUT', '/config', { compatibility: 'FULL' });
    const { recoveryPoint } = await archive();
    empty();
    registry.subjects.set('elsewhere', [{ version: 1, id: 77, schema: record('other') }]);
    expect(await restore(recoveryPoint)).toMatchObject({ done: true });
    expect(registry.configs.get('')).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(registry.subjects.get('orders-value')).toMatchObject([{ id: 1, version: 1 }]);
  });

  it('are not taken for restored where somebody else deletes one meanwhile', async () => {
    await fill();
    const { recoveryPoint } = await archive();
    empty();
    between.fault = (asked) => {
      if (asked === 'PUT /config/orders-value')
        for (const each of registry.subjects.get('proto-value') ?? []) each.deleted = true;
      return undefined;
    };
    await expect(restore(recoveryPoint)).rejects.toMatchObject({
      name: 'RestoreDisturbed',
      message: expect.stringContaining('proto-value'),
    });
  });

  it('are asked with the login of the secret; without it the topics are archived, and people are told', async () => {
    await fill();
    registry.login = `Basic ${Buffer.from('lifeboat:kept-nowhere').toString('base64')}`;
    const { beside, recoveryPoint } = await archive();
    expect(beside.registry).toMatchObject({ missing: expect.stringMatching(/401 Unauthorized/) });
    expect(test.messages.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/schema registry of shop-events was not archived/),
    ]);
    await expect(restore(recoveryPoint)).rejects.toThrow(/schemas in this archive, or in one before it/);
    const secrets = mockClient(SecretsManagerClient);
    secrets.on(GetSecretValueCommand).resolves({ SecretString: '{"username":"lifeboat","password":"kept-nowhere"}' });
    Object.assign(source, { registry: { url: between.url, secret: 'shop/registry' } });
    const next = await archive(15);
    expect(next.beside.registry).toHaveProperty('artifact');
    for (const key of await test.keys()) expect((await test.read(key)).includes('kept-nowhere')).toBe(false);
    secrets.restore();
  });

  it('meet a stand-in that refuses what a registry refuses', async () => {
    await fill();
    const code = async (method: string, path: string, body?: object) =>
      ((await (await call(method, path, body)).json()) as { error_code?: number }).error_code;
    expect(await code('GET', '/subjects/none/versions')).toBe(40401);
    expect(await code('GET', '/subjects/z-address/versions/9')).toBe(40402);
    expect(await code('POST', '/subjects/z-address/versions', { schema: record('a'), id: 99 })).toBe(42205);
    expect(await code('PUT', '/mode/z-address', { mode: 'IMPORT' })).toBe(42205);
    expect(await code('PUT', '/mode', { mode: 'IMPORT' })).toBe(42205);
    expect(await code('POST', '/subjects/z-address/versions', { schema: 'no schema' })).toBe(42201);
    const breaking = JSON.stringify({ type: 'record', name: 'Order', fields: [{ name: 'new', type: 'string' }] });
    expect((await call('POST', '/subjects/z-address/versions', { schema: breaking })).status).toBe(409);
    await done('PUT', '/mode/fresh', { mode: 'IMPORT' });
    expect(await code('POST', '/subjects/fresh/versions', { schema: record('a') })).toBe(42205);
    expect(await code('POST', '/subjects/fresh/versions', { schema: record('a'), id: 1, version: 1 })).toBe(42207);
  });
});
