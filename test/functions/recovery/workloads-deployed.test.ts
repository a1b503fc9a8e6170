// The function as Lambda has it: bundled as the package is, in a process of its own, under its role, killed at every call it
// makes of the cluster.
import path from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { CONFIG_MAPS } from '../../../local/services/eks/api/resources.ts';
import { readYaml } from '../../../resources/yaml.ts';
import { Epoch, epochKey, type Phase, PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { zip } from '../../local/services/lambda/functions.ts';
import { admit, configMap, startCluster, type TestCluster, web } from '../../support/cluster.ts';

vi.setConfig({ testTimeout: 240_000 });

const ROOT = path.resolve(import.meta.dirname, '../../..');
const BUCKET = 'lifeboat-vault';
const NAME = 'recoverySwitchWorkloads';
const FAILOVER = 'failover-20261125';

let test: TestCluster;
const call = <T>(service: string, operation: string, input: object): Promise<T> =>
  test.region.call<T>(service, operation, input, test.world.iam.operator);
const place = (Key: string, value: object) =>
  call('s3', 'PutObject', { Bucket: BUCKET, Key, Body: JSON.stringify(value) });
const finished = (phase: Phase, facts: PhaseRecord['facts']) => {
  const time = test.world.clock.now().toISOString();
  return place(
    phaseKey(FAILOVER, phase),
    PhaseRecord.parse({ phase, startedAt: time, endedAt: time, attempts: 1, facts }),
  );
};

const bundle = async (): Promise<string> => {
  const { custom } = readYaml('serverless.yml') as { custom: { esbuild: Required<BuildOptions> } };
  const { minify, keepNames, platform, target, format, mainFields } = custom.esbuild;
  const { outputFiles } = await build({
    ...{ bundle: true, minify, keepNames, platform, target, format, mainFields },
    entryPoints: [path.join(ROOT, 'functions/recovery/switch-workloads.ts')],
    outfile: 'switch-workloads.cjs',
    write: false,
    plugins: [
      {
        name: 'platform',
        setup: (of) =>
          of.onResolve({ filter: /^#platform$/ }, () => ({
            path: path.join(ROOT, 'test/support/workloads.config.ts'),
          })),
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
};

beforeAll(async () => {
  test = await startCluster();
  const { account } = test.world;
  const { KeyMetadata } = await call<{ KeyMetadata: { Arn: string } }>('kms', 'CreateKey', {});
  const key = KeyMetadata.Arn;
  const allow = (Action: string | string[], Resource: string) => ({ Effect: 'Allow' as const, Action, Resource });
  test.world.iam.putRole({
    arn: `arn:aws:iam::${account}:role/workloads`,
    trust: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    statements: [
      allow(['s3:GetObject', 's3:PutObject'], `arn:aws:s3:::${BUCKET}/recovery/*`),
      allow(['kms:Decrypt', 'kms:GenerateDataKey'], key),
      allow('s3:ListBucket', `arn:aws:s3:::${BUCKET}`),
      allow('eks:DescribeCluster', `arn:aws:eks:us-west-2:${account}:cluster/*`),
    ],
  });
  await call('s3', 'CreateBucket', { Bucket: BUCKET });
  const peer = { PEER_REGION: 'us-east-1', PEER_VAULT_BUCKET: `${BUCKET}-peer`, PEER_VAULT_KEY_ARN: key };
  await call('lambda', 'CreateFunction', {
    ...{ FunctionName: NAME, Role: `arn:aws:iam::${account}:role/workloads`, Runtime: 'nodejs24.x' },
    ...{ Handler: 'switch-workloads.handler', Timeout: 60, MemorySize: 512 },
    Code: { ZipFile: zip({ 'switch-workloads.cjs': await bundle() }) },
    Environment: {
      Variables: {
        ...{ LIFEBOAT_ROLE: 'recovery', LIFEBOAT_SERVICE: 'lifeboat-shop-test', LIFEBOAT_ACCOUNT: account },
        ...{ VAULT_BUCKET: BUCKET, EXCHANGE_BUCKET: `${BUCKET}-rdb`, VAULT_KEY_ARN: key, ...peer },
        TOPIC_ARN_PREFIX: `arn:aws:sns:us-west-2:${account}:lifeboat-`,
        EXPORT_ROLE_ARN: `arn:aws:iam::${account}:role/export`,
      },
    },
  });
  await test.world.clock.settled();
  await admit(test, 'workloads');
  test.cluster.apply(configMap('shop-endpoints', { DATABASE_HOST: 'db.us-east-1.example' }));
  for (const name of ['web', 'worker']) test.cluster.apply(web(name, { replicas: 0 }));
  const declaredAt = test.world.clock.now().toISOString();
  const epoch = {
    epoch: 1,
    failoverId: FAILOVER,
    kind: 'failover',
    from: 'us-east-1',
    to: 'us-west-2',
    status: 'running',
  };
  await place(epochKey('us-west-2'), Epoch.parse({ ...epoch, execution: 'execution-1', declaredAt, reason: 'a test' }));
  await finished('database', { host: 'db.us-west-2.example', port: 5432 });
  await finished('cache', { host: 'cache.us-west-2.example', port: 6379 });
});
afterAll(() => test[Symbol.asyncDispose]());

const invoke = async (): Promise<{ failed: boolean; value: Record<string, unknown> }> => {
  const answer = await call<{ FunctionError?: string; Payload: Uint8Array }>('lambda', 'Invoke', {
    FunctionName: NAME,
    Payload: Buffer.from(JSON.stringify({ failoverId: FAILOVER })),
  });
  return { failed: answer.FunctionError !== undefined, value: JSON.parse(Buffer.from(answer.Payload).toString()) };
};

it('the bundled function, killed after each of its calls of the cluster, brings the workloads up once', async () => {
  let killed = 0;
  for (;;) {
    const heal = test.world.faults.add(
      { service: 'kubernetes' },
      { kind: 'kill', when: 'after' },
      { skip: killed, times: 1 },
    );
    const { failed, value } = await invoke();
    heal();
    if (failed) expect(value.errorType).toBe('Runtime.ExitError');
    if (value.done) break;
    if (failed) killed += 1;
    else await test.world.clock.settled();
  }
  expect(killed).toBeGreaterThanOrEqual(5);
  expect(test.cluster.store.named(CONFIG_MAPS, 'shop', 'shop-endpoints').data).toEqual({
    DATABASE_HOST: 'db.us-west-2.example',
    DATABASE_PORT: '5432',
    CACHE_HOST: 'cache.us-west-2.example',
    CACHE_PORT: '6379',
  });
  for (const [name, replicas] of [
    ['web', 2],
    ['worker', 1],
  ] as const) {
    const { metadata, status } = test.deployment(name);
    expect([metadata.generation, status.availableReplicas]).toEqual([2, replicas]);
  }
});
