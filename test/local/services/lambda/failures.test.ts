import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createFunction, invoke, RECORDER } from './functions.ts';
import { createRegions, type TestWorld } from './regions.ts';

let world: TestWorld;
const lambda = (): Lambda => world.home.services.get('lambda') as Lambda;
beforeEach(() => {
  world = createRegions([createLambda]);
});
afterEach(() => world.close());

describe('a function that fails', () => {
  it.each([
    [
      'an error by its name',
      `class Missing extends Error { name = 'InstanceMissing' } exports.handler = async () => { throw new Missing('gone'); };`,
      'InstanceMissing',
      /^gone$/,
    ],
    ['what is thrown and is no error', `exports.handler = async () => { throw 'text'; };`, 'string', /^text$/],
    [
      'a rejection nobody handled',
      `exports.handler = async () => { Promise.reject(new TypeError('lost')); await new Promise((r) => setTimeout(r, 1000)); };`,
      'Runtime.UnhandledPromiseRejection',
      /^TypeError: lost$/,
    ],
    ['an exit', `exports.handler = async () => process.exit(3);`, 'Runtime.ExitError', /exit status 3/],
    [
      'a promise that is never settled',
      `exports.handler = () => new Promise(() => {});`,
      'Runtime.NodeJsExit',
      /never settled/,
    ],
    ['a module that is not there', `require('not-in-the-bundle');`, 'Error', /not-in-the-bundle/],
    ['a handler that is not exported', `exports.other = 1;`, 'Runtime.HandlerNotFound', /not exported/],
    [
      'a handler with a callback',
      `exports.handler = (event, context, callback) => callback();`,
      'Runtime.CallbackHandlerDeprecated',
      /callback/,
    ],
    [
      'an answer that is too large',
      `exports.handler = async () => 'x'.repeat(6300000);`,
      'Function.ResponseSizeTooLarge',
      /6291556/,
    ],
  ])('reports %s', async (_, body, errorType, message) => {
    await createFunction(world, 'failing', body);
    const { error, value } = await invoke(world, 'failing');
    expect(error).toBe('Unhandled');
    expect(value).toMatchObject({ errorType, errorMessage: expect.stringMatching(message) });
  });

  it('is killed at its timeout, and works again in a new process', async () => {
    await createFunction(
      world,
      'slow',
      `exports.handler = async (event) => { if (event.hang) for (;;); return process.pid; };`,
      { Timeout: 1 },
    );
    const { value: before } = await invoke(world, 'slow');
    expect((await invoke(world, 'slow', { hang: true })).value).toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringContaining('Task timed out after 1.00 seconds'),
    });
    expect(() => process.kill(before as number, 0)).toThrow(/ESRCH/);
    expect((await invoke(world, 'slow')).error).toBeUndefined();
  });

  it('can be killed by whoever holds its caller, as faults do, and its credentials end with it', async () => {
    await createFunction(
      world,
      'victim',
      `exports.handler = async (event) => { if (event.hang) { console.log('hanging'); await new Promise((r) => setTimeout(r, 60000)); } return process.env.AWS_ACCESS_KEY_ID; };`,
    );
    const { value: key } = await invoke(world, 'victim');
    const running = invoke(world, 'victim', { hang: true });
    await expect.poll(() => lambda().logs('victim')).toContain('hanging');
    world.iam.callerOf(String(key))?.kill?.();
    expect((await running).value).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('signal: killed'),
    });
    expect(world.iam.callerOf(String(key))).toBeUndefined();
  });

  it('refuses more at once than its reserved concurrency', async () => {
    await createFunction(world, 'one', `exports.handler = () => new Promise((done) => setTimeout(done, 300));`);
    await world.call('lambda', 'PutFunctionConcurrency', { FunctionName: 'one', ReservedConcurrentExecutions: 1 });
    const results = await Promise.allSettled([invoke(world, 'one'), invoke(world, 'one')]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ name: 'TooManyRequestsException' });
  });

  it('refuses what is no JSON, and what is too large to be an event', async () => {
    await createFunction(world, 'strict', RECORDER);
    const event = (Payload: Buffer, InvocationType: string) =>
      world.call('lambda', 'Invoke', { FunctionName: 'strict', Payload, InvocationType });
    const large = Buffer.from(JSON.stringify('x'.repeat(1_048_576)));
    await expect(event(Buffer.from('{'), 'RequestResponse')).rejects.toMatchObject({
      name: 'InvalidRequestContentException',
    });
    await expect(event(large, 'Event')).rejects.toMatchObject({ name: 'RequestTooLargeException' });
    await expect(event(large, 'RequestResponse')).resolves.toMatchObject({ StatusCode: 200 });
    await expect(event(Buffer.from('{}'), 'DryRun')).resolves.toEqual({ StatusCode: 204 });
    expect(
      lambda()
        .logs('strict')
        .filter((line) => line.startsWith('got')),
    ).toHaveLength(1);
  });
});
