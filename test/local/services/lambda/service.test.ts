import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createFunction, invoke, RECORDER, zip } from './functions.ts';
import { ACCOUNT, createRegions, START, type TestWorld } from './regions.ts';

let world: TestWorld;
const lambda = (): Lambda => world.home.services.get('lambda') as Lambda;
beforeEach(() => {
  world = createRegions([createLambda], ['us-east-1', 'us-west-2']);
});
afterEach(() => world.close());

describe('a function', () => {
  it('runs its bundle in a process of its own and answers', async () => {
    await createFunction(world, 'echo', `exports.handler = async (event) => ({ event, pid: process.pid });`);
    const { error, value } = await invoke(world, 'echo', { a: 1 });
    expect(error).toBeUndefined();
    expect(value).toMatchObject({ event: { a: 1 } });
    expect((value as { pid: number }).pid).not.toBe(process.pid);
    expect(lambda().peakKilobytes('echo')).toBeGreaterThan(10_000);
  });

  it('is used again while warm', async () => {
    await createFunction(
      world,
      'warm',
      `let n = 0; exports.handler = async () => ({ n: (n += 1), pid: process.pid });`,
    );
    const first = await invoke(world, 'warm');
    expect(await invoke(world, 'warm')).toEqual({ error: undefined, value: { ...(first.value as object), n: 2 } });
  });

  it('sees the variables of Lambda and its own, and nothing of the host but PATH', async () => {
    process.env.LIFEBOAT_HOST_SECRET = 'do not leak';
    await createFunction(world, 'env', `exports.handler = async () => process.env;`, {
      MemorySize: 256,
      Environment: { Variables: { TABLE: 'orders' } },
    });
    const environment = (await invoke(world, 'env')).value as Record<string, string>;
    delete process.env.LIFEBOAT_HOST_SECRET;
    expect(environment).toMatchObject({
      TABLE: 'orders',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'env',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/env',
      AWS_ENDPOINT_URL: world.home.endpoint,
      TZ: 'UTC',
      NODE_OPTIONS: '--max-old-space-size=230',
    });
    const foreign = Object.keys(environment).filter(
      (key) => !/^(AWS_|TABLE$|TZ$|LANG$|PATH$|NODE_OPTIONS$|LAMBDA_TASK_ROOT$|_HANDLER$)/.test(key),
    );
    expect(foreign).toEqual([]);
    expect(world.iam.callerOf(environment.AWS_ACCESS_KEY_ID ?? '')).toMatchObject({
      actor: 'env',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/env-role`,
    });
  });

  it('gets the certificate authorities of the databases where it asks for those of Lambda, also when they come later', async () => {
    const body = `const { readFileSync } = require('node:fs');
      exports.handler = async () => (process.env.NODE_EXTRA_CA_CERTS ? readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8') : 'none');`;
    const Environment = { Variables: { NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem' } };
    await createFunction(world, 'named', body, { Environment });
    await createFunction(world, 'unnamed', body);
    expect((await invoke(world, 'named')).value).toBe('none');
    writeFileSync(path.join(world.home.directory, 'ca.pem'), 'first');
    expect((await invoke(world, 'named')).value).toBe('first');
    writeFileSync(path.join(world.region('us-west-2').directory, 'ca.pem'), 'second');
    expect((await invoke(world, 'named')).value).toBe('first\nsecond');
    expect((await invoke(world, 'unnamed')).value).toBe('none');
  });

  it('lives in region time, also after the clock jumped between two invocations', async () => {
    const body = `exports.handler = async (event, context) => ({ now: Date.now(), date: new Date().toISOString(), fixed: new Date(0).getTime(),
      text: typeof Date(), is: new Date() instanceof Date, own: new Date().constructor === Date, left: context.getRemainingTimeInMillis() });`;
    await createFunction(world, 'time', body);
    const ask = async () => (await invoke(world, 'time')).value as Record<string, number | string | boolean>;
    const near = (value: unknown, expected: Date) =>
      expect(Math.abs(Number(new Date(String(value))) - expected.getTime())).toBeLessThan(2000);
    const first = await ask();
    near(first.date, START);
    await world.advance(30 * 86_400_000);
    const later = await ask();
    near(later.date, world.clock.now());
    expect(later).toMatchObject({ fixed: 0, text: 'string', is: true, own: true });
    expect(Number(later.left)).toBeGreaterThan(4000);
    expect(Number(later.left)).toBeLessThanOrEqual(5000);
  });

  it('is told who it is and which invocation it runs', async () => {
    const arn = await createFunction(
      world,
      'self',
      `exports.handler = async (event, c) => [c.functionName, c.invokedFunctionArn, c.awsRequestId, c.memoryLimitInMB];`,
    );
    expect((await invoke(world, 'self')).value).toEqual(['self', arn, expect.stringMatching(/^[0-9a-f-]{36}$/), '128']);
  });

  it('leaves what it printed in its log, complete when the answer is there', async () => {
    await createFunction(
      world,
      'log',
      `exports.handler = async () => { for (let i = 0; i < 2000; i += 1) console.log('line ' + i); console.error('problem'); };`,
    );
    await invoke(world, 'log');
    expect(
      lambda()
        .logs('log')
        .filter((line) => line.startsWith('line ')),
    ).toHaveLength(2000);
    expect(lambda().logs('log')).toContain('problem');
  });

  it('holds the clock while it runs', async () => {
    await createFunction(
      world,
      'slow',
      `exports.handler = () => new Promise((done) => setTimeout(done, 200, 'done'));`,
    );
    const running = invoke(world, 'slow');
    let jumped = false;
    const advancing = world.advance(3_600_000).then(() => {
      jumped = true;
    });
    expect((await running).value).toBe('done');
    expect(jumped).toBe(false);
    await advancing;
  });
});

describe('creating a function', () => {
  it.each([
    ['another runtime', { Runtime: 'nodejs22.x' }, /nodejs22\.x/],
    ['a timeout beyond 900 seconds', { Timeout: 901 }, /901/],
    ['a variable that Lambda sets itself', { Environment: { Variables: { AWS_REGION: 'x' } } }, /AWS_REGION/],
    ['more than 4 KB of variables', { Environment: { Variables: { A: 'x'.repeat(5000) } } }, /4096/],
    ['something that is no zip', { Code: { ZipFile: Buffer.from('no zip') } }, /unzip/],
    ['a path out of the bundle', { Code: { ZipFile: zip({ '../../evil.js': '' }) } }, /outside/],
  ])('refuses %s', async (_, settings, message) => {
    await expect(createFunction(world, 'refused', RECORDER, settings)).rejects.toThrow(message);
    expect(existsSync(path.join(world.home.directory, 'lambda', 'evil.js'))).toBe(false);
  });

  it('refuses a name twice, and knows what it created', async () => {
    await createFunction(world, 'once', RECORDER, {
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
    });
    await expect(createFunction(world, 'once', RECORDER)).rejects.toThrow(/already exist/);
    expect(await world.call('lambda', 'GetFunctionConfiguration', { FunctionName: 'once' })).toMatchObject({
      Handler: 'functions/rds/snapshot.handler',
      Timeout: 5,
      VpcConfig: { SubnetIds: ['subnet-1'] },
    });
    await expect(world.call('lambda', 'GetFunction', { FunctionName: 'other' })).rejects.toThrow(
      /Function not found: .*other/,
    );
  });
});
