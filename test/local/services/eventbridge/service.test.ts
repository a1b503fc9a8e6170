import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCloudWatch } from '../../../../local/services/cloudwatch/service.ts';
import { createEventBridge, type EventBridge } from '../../../../local/services/eventbridge/service.ts';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createSns, type Sns } from '../../../../local/services/sns/service.ts';
import type { Region } from '../../../../local/types.ts';
import { createFunction, RECORDER } from '../lambda/functions.ts';
import { ACCOUNT, createRegions, settle, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
const busOf = (region: Region): EventBridge => region.services.get('events') as EventBridge;
const bus = (): EventBridge => busOf(world.home);
const received = (name = 'worker'): { detail: Record<string, unknown>; id: string; region: string }[] =>
  (world.home.services.get('lambda') as Lambda)
    .logs(name)
    .filter((line) => line.startsWith('got '))
    .map((line) => JSON.parse(line.slice(4)));
const EVENT = {
  source: 'aws.rds',
  'detail-type': 'RDS DB Snapshot Event',
  detail: { SourceIdentifier: 'shop-db' },
  resources: ['arn:x'],
};
const rule = async (targets: object[], Name = 'snapshots', region = world.home) => {
  await region.call('events', 'PutRule', { Name, EventPattern: '{"source":["aws.rds"]}' }, world.iam.operator);
  await region.call('events', 'PutTargets', { Rule: Name, Targets: targets }, world.iam.operator);
  return `arn:aws:events:${region.name}:${ACCOUNT}:rule/${Name}`;
};
const worker = async (): Promise<string> => {
  const arn = await createFunction(world, 'worker', RECORDER);
  await world.call('lambda', 'AddPermission', {
    ...{
      FunctionName: 'worker',
      StatementId: 'rule',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
    },
    SourceArn: `arn:aws:events:us-east-1:${ACCOUNT}:rule/snapshots`,
  });
  return arn;
};

beforeEach(() => {
  world = createRegions([createCloudWatch, createLambda, createSns, createEventBridge], ['us-east-1', 'us-west-2']);
});
afterEach(() => world.close());

describe('the event bus', () => {
  it('brings an event of a service to the functions of the rules that match', async () => {
    await rule([{ Id: 'fn', Arn: await worker() }]);
    world.home.emit(EVENT);
    world.home.emit({ ...EVENT, source: 'aws.ec2' });
    await settle(world);
    expect(received()).toMatchObject([
      { ...EVENT, account: ACCOUNT, region: 'us-east-1', time: expect.stringMatching(/^2026-11-20T00:00:\d\dZ$/) },
    ]);
  });

  it('tells which delivery was refused for lack of permission, and does not try it again', async () => {
    const arn = await worker();
    await rule([{ Id: 'fn', Arn: arn }], 'other');
    bus().put(EVENT);
    await settle(world);
    expect(bus().failedDeliveries).toMatchObject([
      { rule: 'other', target: arn, attempts: 1, error: expect.stringMatching(/not authorized/) },
    ]);
    await world.advance(86_400_000);
    expect(received()).toEqual([]);
    const statistics = await world.call('monitoring', 'GetMetricStatistics', {
      ...{
        Namespace: 'AWS/Events',
        MetricName: 'FailedInvocations',
        Dimensions: [{ Name: 'RuleName', Value: 'other' }],
      },
      ...{ StartTime: new Date('2026-11-20'), EndTime: new Date('2026-11-21'), Period: 86_400, Statistics: ['Sum'] },
    });
    expect(statistics).toMatchObject({ Datapoints: [{ Sum: 1 }] });
  });

  it('tries again while the target is throttled, for as long as the target says', async () => {
    await rule([{ Id: 'fn', Arn: await worker(), RetryPolicy: { MaximumRetryAttempts: 2 } }]);
    const fault = { kind: 'error', code: 'TooManyRequestsException', status: 429, when: 'before' } as const;
    world.faults.add({ service: 'lambda', operation: 'Invoke' }, fault, { times: 2 });
    bus().put(EVENT);
    await world.advance(60_000);
    expect(received()).toHaveLength(1);
    world.faults.add({ service: 'lambda', operation: 'Invoke' }, fault);
    bus().put(EVENT);
    await world.advance(600_000);
    expect(bus().failedDeliveries).toMatchObject([{ rule: 'snapshots', attempts: 3 }]);
  });

  it('doubles, delays and loses events where a test asks for it', async () => {
    await rule([{ Id: 'fn', Arn: await worker() }]);
    bus().deliver = { duplicate: 2, delayMs: 300_000 };
    bus().put(EVENT);
    await settle(world);
    expect(received()).toEqual([]);
    await world.advance(300_000);
    expect(received()).toHaveLength(3);
    expect(new Set(received().map(({ id }) => id)).size).toBe(1);
    bus().deliver = { drop: true };
    bus().put(EVENT);
    await settle(world);
    expect(received()).toHaveLength(3);
  });

  it('passes events to the bus of another region under a role, as they are', async () => {
    const west = world.region('us-west-2');
    const arn = `arn:aws:events:us-east-1:${ACCOUNT}:event-bus/default`;
    await rule([{ Id: 'fn', Arn: await worker() }]);
    const RoleArn = world.role('forward', 'events.amazonaws.com', []);
    await rule([{ Id: 'east', Arn: arn, RoleArn }], 'forward', west);
    busOf(west).put(EVENT);
    await settle(world);
    expect(busOf(west).failedDeliveries).toMatchObject([
      { error: expect.stringMatching(/not authorized to perform: events:PutEvents/) },
    ]);
    world.role('forward', 'events.amazonaws.com', [{ Effect: 'Allow', Action: 'events:PutEvents', Resource: arn }]);
    world.home.alive = false;
    busOf(west).put(EVENT);
    await settle(world);
    world.home.alive = true;
    await world.advance(10_000);
    expect(received()).toMatchObject([{ region: 'us-west-2', id: busOf(west).events[1]?.id }]);
  });

  it('sends topics the event, by the policy of the topic', async () => {
    const { TopicArn } = await world.call<{ TopicArn: string }>('sns', 'CreateTopic', { Name: 'critical' });
    await world.call('sns', 'Subscribe', { TopicArn, Protocol: 'email', Endpoint: 'oncall@example.com' });
    await rule([{ Id: 'people', Arn: TopicArn }]);
    bus().put(EVENT);
    await settle(world);
    expect(bus().failedDeliveries).toHaveLength(1);
    const Statement = [
      { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sns:Publish', Resource: TopicArn },
    ];
    await world.call('sns', 'SetTopicAttributes', {
      TopicArn,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Statement }),
    });
    bus().put(EVENT);
    await settle(world);
    const [mail] = (world.home.services.get('sns') as Sns).inbox();
    expect(JSON.parse(mail?.message ?? '')).toMatchObject(EVENT);
  });

  it('starts state machines under the role of the target', async () => {
    const started: { stateMachineArn: string; input: string }[] = [];
    const machine = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:verify-database`;
    world.home.services.set('states', {
      ...{ signingName: 'states', iamPrefix: 'states', sdk: {}, clientName: '' },
      operations: { StartExecution: async (input) => void started.push(input) },
      authorize: () => [{ action: 'states:StartExecution', resource: machine }],
    });
    const allow = { Effect: 'Allow', Action: 'states:StartExecution', Resource: machine } as const;
    const RoleArn = world.role('start', 'events.amazonaws.com', [allow]);
    await rule([{ Id: 'machine', Arn: machine, RoleArn }]);
    bus().put(EVENT);
    await settle(world);
    expect(started).toMatchObject([{ stateMachineArn: machine }]);
    expect(JSON.parse(started[0]?.input ?? '')).toMatchObject(EVENT);
    world.role('start', 'states.amazonaws.com', [allow]);
    bus().put(EVENT);
    await settle(world);
    expect(bus().failedDeliveries).toMatchObject([{ target: machine, error: expect.stringMatching(/sts:AssumeRole/) }]);
  });

  it('leaves out rules that are switched off', async () => {
    await rule([{ Id: 'fn', Arn: await worker() }]);
    const EventPattern = '{"source":["aws.rds"]}';
    await world.call('events', 'PutRule', { Name: 'snapshots', EventPattern, State: 'DISABLED' });
    bus().put(EVENT);
    await settle(world);
    expect(received()).toEqual([]);
    expect(await world.call('events', 'DescribeRule', { Name: 'snapshots' })).toMatchObject({ State: 'DISABLED' });
  });

  it('takes events of its users, refuses malformed ones and those that claim to be of AWS', async () => {
    const entries = (...Entries: object[]) => world.call('events', 'PutEvents', { Entries });
    const own = { Source: 'lifeboat', DetailType: 'Proven', Detail: '{"a":1}' };
    expect(
      await entries(
        own,
        { ...own, Detail: 'text' },
        { ...own, Source: 'aws.rds' },
        { ...own, Detail: `{"a":"${'x'.repeat(1_048_576)}"}` },
      ),
    ).toMatchObject({
      FailedEntryCount: 3,
      Entries: [
        { EventId: expect.any(String) },
        { ErrorCode: 'MalformedDetail' },
        { ErrorCode: 'NotAuthorizedForSourceException' },
        { ErrorCode: 'InvalidArgument' },
      ],
    });
    expect(bus().events).toHaveLength(1);
    await expect(entries({ ...own, EventBusName: 'other' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  it('refuses rules and targets that cannot work', async () => {
    const put = (settings: object) => world.call('events', 'PutRule', { Name: 'bad', ...settings });
    await expect(put({ EventPattern: '{"a":[{"suffix":"x"}]}' })).rejects.toMatchObject({
      name: 'InvalidEventPatternException',
    });
    await expect(put({ ScheduleExpression: 'rate(1 day)' })).rejects.toThrow(/Scheduler/);
    await put({ EventPattern: '{"a":["x"]}' });
    const target = (settings: object) =>
      world.call('events', 'PutTargets', { Rule: 'bad', Targets: [{ Id: 't', ...settings }] });
    await expect(target({ Arn: `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:x` })).rejects.toThrow(
      /RoleArn is required/,
    );
    await expect(target({ Arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:x` })).rejects.toThrow(/not offered/);
    await expect(target({ Arn: `arn:aws:sns:us-east-1:${ACCOUNT}:x`, InputPath: '$.detail' })).rejects.toThrow(
      /InputPath/,
    );
    await target({ Arn: `arn:aws:sns:us-east-1:${ACCOUNT}:x` });
    await expect(world.call('events', 'DeleteRule', { Name: 'bad' })).rejects.toThrow(/has targets/);
  });
});
