import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createFunction, RECORDER } from './functions.ts';
import { ACCOUNT, createRegions, START, settle, type TestWorld } from './regions.ts';

let world: TestWorld;
const runs = (name: string): number =>
  (world.home.services.get('lambda') as Lambda).logs(name).filter((line) => line.startsWith('got')).length;
const send = (name: string, payload: object) =>
  world.call('lambda', 'Invoke', {
    FunctionName: name,
    InvocationType: 'Event',
    Payload: Buffer.from(JSON.stringify(payload)),
  });
const until = (ms: number) => world.clock.advanceTo(new Date(START.getTime() + ms));

beforeEach(() => {
  world = createRegions([createLambda]);
});
afterEach(() => world.close());

describe('an event for a function', () => {
  it('is taken at once and run soon', async () => {
    await createFunction(world, 'worker', RECORDER);
    expect(await send('worker', { a: 1 })).toEqual({ StatusCode: 202 });
    await settle(world);
    expect(runs('worker')).toBe(1);
  });

  it('is tried again after one and after two more minutes, and then dropped', async () => {
    await createFunction(world, 'worker', RECORDER);
    await send('worker', { fail: true });
    await until(50_000);
    expect(runs('worker')).toBe(1);
    await until(100_000);
    expect(runs('worker')).toBe(2);
    await until(300_000);
    expect(runs('worker')).toBe(3);
    await until(86_400_000);
    expect(runs('worker')).toBe(3);
  });

  it('waits while the reserved concurrency is used up', async () => {
    await createFunction(
      world,
      'one',
      `exports.handler = async () => { console.log('got'); await new Promise((r) => setTimeout(r, 100)); };`,
    );
    await world.call('lambda', 'PutFunctionConcurrency', { FunctionName: 'one', ReservedConcurrentExecutions: 1 });
    await Promise.all([send('one', {}), send('one', {}), send('one', {})]);
    await until(60_000);
    expect(runs('one')).toBe(3);
  });

  it('is run only for services that the policy of the function names, with their source', async () => {
    await createFunction(world, 'worker', RECORDER);
    const rule = `arn:aws:events:us-east-1:${ACCOUNT}:rule/mine`;
    const asEvents = (arn: string) =>
      world.home.call(
        'lambda',
        'Invoke',
        { FunctionName: 'worker', InvocationType: 'Event' },
        { arn, account: ACCOUNT, service: 'events.amazonaws.com' },
      );
    await expect(asEvents(rule)).rejects.toThrow(
      /events\.amazonaws\.com is not authorized to perform: lambda:InvokeFunction/,
    );
    const permission = {
      FunctionName: 'worker',
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: rule,
    };
    await world.call('lambda', 'AddPermission', permission);
    await expect(world.call('lambda', 'AddPermission', permission)).rejects.toMatchObject({
      name: 'ResourceConflictException',
    });
    await expect(asEvents(rule)).resolves.toEqual({ StatusCode: 202 });
    await expect(asEvents(`${rule}-not`)).rejects.toThrow(/not authorized/);
    const { Policy } = await world.call<{ Policy: string }>('lambda', 'GetPolicy', { FunctionName: 'worker' });
    expect(JSON.parse(Policy).Statement).toMatchObject([
      { Sid: 'rule', Principal: { Service: 'events.amazonaws.com' } },
    ]);
  });
});
