import { CreateTopicCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../local/types.ts';
import { as, createTestWorld, type TestWorld } from './endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());
beforeEach(() => test.world.faults.clear());

const ssm = (options = as(test.east)) => new SSMClient(options);
const put = (Name: string, options?: ReturnType<typeof as>) =>
  ssm(options).send(new PutParameterCommand({ Name, Value: 'value', Type: 'String' }));
const exists = (Name: string, region = test.east): Promise<boolean> =>
  region.call('ssm', 'GetParameter', { Name }, test.world.iam.operator).then(
    () => true,
    () => false,
  );

describe('a world', () => {
  it('has every service of the local region in each region', () => {
    const services = [
      'cloudformation',
      'codebuild',
      'eks',
      'elasticache',
      'events',
      'health',
      'iam',
      'kms',
      'lambda',
      'monitoring',
      'rds',
      'route53',
      's3',
      'scheduler',
      'secretsmanager',
      'sns',
      'ssm',
      'states',
      'sts',
    ];
    for (const { services: offered } of [test.east, test.west]) expect([...offered.keys()].sort()).toEqual(services);
  });

  it('names the regions there are to whoever asks for another', () => {
    expect(() => test.world.region('eu-west-1')).toThrow(
      'There is no region eu-west-1 here, only us-east-1, us-west-2.',
    );
  });

  it('begins at the time it is told to', async () => {
    await using other = await createTestWorld(new Date('2027-05-01T00:00:00Z'));
    expect(other.east.clock.now().toISOString()).toMatch(/^2027-05-01T00:00:0\d/);
    expect(other.east.clock).toBe(other.west.clock);
  });
});

describe('a call', () => {
  it('goes to the region it is signed for, whichever endpoint it reaches', async () => {
    await put('/elsewhere', { ...as(test.east), region: 'us-west-2' });
    expect(await exists('/elsewhere', test.west)).toBe(true);
    expect(await exists('/elsewhere', test.east)).toBe(false);
  });

  it('for a region that is not there is refused, and does not end in another', async () => {
    await expect(put('/nowhere', { ...as(test.east), region: 'eu-west-1' })).rejects.toThrow('no region eu-west-1');
    expect(await exists('/nowhere')).toBe(false);
  });

  it('is refused where the role may not, before anything happens', async () => {
    const arn = 'arn:aws:iam::111122223333:role/reader';
    test.world.iam.putRole({
      arn,
      trust: [],
      statements: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource: '*' }],
    });
    const { accessKeyId } = test.world.iam.issue(arn, { actor: 'reader' });
    await expect(put('/refused', as(test.east, accessKeyId))).rejects.toThrow('ssm:PutParameter');
    expect(await exists('/refused')).toBe(false);
  });

  it('of a service that is not offered says so', async () => {
    const { operator } = test.world.iam;
    await expect(test.east.call('sqs', 'ListQueues', {}, operator)).rejects.toMatchObject({ code: 'NotImplemented' });
    await expect(test.east.call('ssm', 'ListNodes', {}, operator)).rejects.toThrow('ssm:ListNodes');
  });
});

describe('a fault at the endpoint', () => {
  it.each([
    ['before', false],
    ['after', true],
  ] as const)('cuts the connection %s the call took effect', async (when, effect) => {
    test.world.faults.add({ operation: 'PutParameter' }, { kind: 'drop', when });
    await expect(put(`/drop-${when}`)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await exists(`/drop-${when}`)).toBe(effect);
  });

  it('that refuses for now is retried by the client, and the call succeeds', async () => {
    test.world.faults.add(
      { service: 'ssm' },
      { kind: 'error', code: 'InternalServerError', status: 503, when: 'before' },
      { times: 2 },
    );
    const answer = await put('/retried', { ...as(test.east), maxAttempts: 3 });
    expect(answer.$metadata.attempts).toBe(3);
  });

  it('befalls the calls of one function only', async () => {
    const arn = 'arn:aws:iam::111122223333:role/function';
    test.world.iam.putRole({ arn, trust: [], statements: [{ Effect: 'Allow', Action: 'ssm:*', Resource: '*' }] });
    let killed = 0;
    const { accessKeyId } = test.world.iam.issue(arn, { actor: 'rdsSnapshot', kill: () => void killed++ });
    test.world.faults.add({ actor: 'rdsSnapshot', operation: 'PutParameter' }, { kind: 'kill', when: 'after' });
    await expect(put('/killed', as(test.east, accessKeyId))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect([killed, await exists('/killed')]).toEqual([1, true]);
    await put('/spared');
    expect(killed).toBe(1);
  });
});

describe('a region', () => {
  it('that is cut off resets connections, also those that come through another region, until it is joined again', async () => {
    await put('/before', as(test.west));
    test.world.cutOff('us-west-2');
    const through = { ...as(test.east), region: 'us-west-2' };
    for (const options of [as(test.west), through, { ...as(test.west), region: 'us-east-1' }])
      await expect(put('/meanwhile', options)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect(test.west.call('ssm', 'GetParameter', { Name: '/before' }, test.world.iam.operator)).rejects.toThrow(
      'The region us-west-2 does not answer.',
    );
    expect(await exists('/meanwhile', test.east)).toBe(false);
    await put('/east-goes-on');
    test.world.rejoin('us-west-2');
    expect(await ssm(as(test.west)).send(new GetParameterCommand({ Name: '/before' }))).toMatchObject({
      Parameter: { Value: 'value' },
    });
    expect(await exists('/meanwhile', test.west)).toBe(false);
  });

  it('that is cut off while a call is held back never begins it; while it is carried out, gives no answer', async () => {
    const cutOffOnce = async (begun: Promise<void>, name: string): Promise<void> => {
      // Through the other region's endpoint, which itself goes on.
      const outcome = expect(put(name, { ...as(test.east), region: 'us-west-2' })).rejects.toMatchObject({
        code: 'ECONNRESET',
      });
      await begun;
      test.world.cutOff('us-west-2');
      await outcome;
      test.world.rejoin('us-west-2');
    };
    const { faults } = test.world;
    const { around } = faults;
    const held = Promise.withResolvers<void>();
    faults.add({ operation: 'PutParameter' }, { kind: 'delay', ms: 500 }, { times: 1 });
    faults.around = (call, run) => {
      const outcome = around(call, run);
      held.resolve();
      return outcome;
    };
    await cutOffOnce(held.promise, '/held-back');
    faults.around = around;
    expect(await exists('/held-back', test.west)).toBe(false);

    const { operations } = test.west.services.get('ssm') as Service;
    const { PutParameter } = operations;
    if (!PutParameter) throw new Error('ssm offers no PutParameter');
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    operations.PutParameter = async (...call) => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 60));
      return PutParameter(...call).finally(ended.resolve);
    };
    await cutOffOnce(begun.promise, '/carried-out');
    await ended.promise;
    expect(await exists('/carried-out', test.west)).toBe(true);
  });

  it('that is killed is gone with its engines; the other one goes on', async () => {
    await using other = await createTestWorld();
    const closed: string[] = [];
    for (const [name, service] of other.east.services) {
      const { close } = service;
      service.close = async () => {
        closed.push(name);
        await close?.();
      };
    }
    await other.world.killRegion('us-east-1');
    expect(closed.sort()).toEqual([...other.east.services.keys()].sort());
    await expect(put('/dead', as(other.east))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await new SNSClient(as(other.west)).send(new CreateTopicCommand({ Name: 'alive' }));
    expect((await new SNSClient(as(other.west)).send(new ListTopicsCommand({}))).Topics).toHaveLength(1);
  });
});

describe('events', () => {
  it('that a service puts on the bus reach the rules of its region', async () => {
    const { operator } = test.world.iam;
    const call = (service: string, operation: string, input: object): Promise<Record<string, unknown>> =>
      test.east.call(service, operation, input, operator);
    const { TopicArn } = await call('sns', 'CreateTopic', { Name: 'events' });
    await call('sns', 'Subscribe', { TopicArn, Protocol: 'email', Endpoint: 'me@example.com' });
    const Policy = JSON.stringify({
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sns:Publish', Resource: TopicArn },
      ],
    });
    await call('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'Policy', AttributeValue: Policy });
    await call('events', 'PutRule', { Name: 'snapshots', EventPattern: '{"source":["aws.rds"]}' });
    await call('events', 'PutTargets', { Rule: 'snapshots', Targets: [{ Id: 'mail', Arn: TopicArn }] });
    test.east.emit({ source: 'aws.rds', 'detail-type': 'RDS DB Snapshot Event', detail: { Message: 'created' } });
    test.west.emit({ source: 'aws.rds', 'detail-type': 'RDS DB Snapshot Event', detail: { Message: 'elsewhere' } });
    await test.world.clock.settled();
    expect(test.east.sns.inbox().map(({ message }) => JSON.parse(message).detail.Message)).toEqual(['created']);
  });
});
