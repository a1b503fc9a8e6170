import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createScheduler, type Scheduler } from '../../../../local/services/scheduler/service.ts';
import { createFunction, RECORDER } from '../lambda/functions.ts';
import { ACCOUNT, createRegions, settle, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
let target: { Arn: string; RoleArn: string; Input?: string };
const scheduler = (): Scheduler => world.home.services.get('scheduler') as Scheduler;
const received = (): Record<string, string>[] =>
  (world.home.services.get('lambda') as Lambda)
    .logs('worker')
    .filter((line) => line.startsWith('got '))
    .map((line) => JSON.parse(line.slice(4)));
const until = (time: string) => world.clock.advanceTo(new Date(time));
const settings = (more: object = {}) => ({
  ...{ Name: 'daily', ScheduleExpression: 'cron(0 2 * * ? *)', FlexibleTimeWindow: { Mode: 'OFF' }, Target: target },
  ...more,
});
const create = (more: object = {}) =>
  world.call<{ ScheduleArn: string }>('scheduler', 'CreateSchedule', settings(more));

beforeEach(async () => {
  world = createRegions([createLambda, createScheduler]);
  const Arn = await createFunction(world, 'worker', RECORDER);
  const RoleArn = world.role('schedules', 'scheduler.amazonaws.com', [
    { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: Arn },
  ]);
  target = { Arn, RoleArn };
});
afterEach(() => world.close());

describe('a schedule', () => {
  it('runs its target at its times, told which occasion it is', async () => {
    const Input = JSON.stringify({
      at: '<aws.scheduler.scheduled-time>',
      id: '<aws.scheduler.execution-id>',
      attempt: '<aws.scheduler.attempt-number>',
      arn: '<aws.scheduler.schedule-arn>',
    });
    const { ScheduleArn: arn } = await create({ Target: { ...target, Input } });
    await until('2026-11-20T01:59:00Z');
    expect(received()).toEqual([]);
    await until('2026-11-22T03:00:00Z');
    expect(received().map(({ at }) => at)).toEqual([
      '2026-11-20T02:00:00Z',
      '2026-11-21T02:00:00Z',
      '2026-11-22T02:00:00Z',
    ]);
    expect(received()[0]).toMatchObject({ attempt: '1', arn });
    expect(new Set(received().map(({ id }) => id)).size).toBe(3);
  });

  it('begins at once with a rate', async () => {
    await create({ ScheduleExpression: 'rate(10 minutes)' });
    await until('2026-11-20T00:25:00Z');
    expect(received()).toHaveLength(3);
  });

  it('sleeps while it is disabled, and wakes when it is updated', async () => {
    await create({ State: 'DISABLED' });
    await until('2026-11-21T00:00:00Z');
    expect(received()).toEqual([]);
    await world.call(
      'scheduler',
      'UpdateSchedule',
      settings({ State: 'ENABLED', ScheduleExpression: 'cron(0 4 * * ? *)' }),
    );
    await until('2026-11-22T00:00:00Z');
    expect(received()).toMatchObject([{ time: '2026-11-21T04:00:00Z', source: 'aws.scheduler' }]);
    expect(await world.call('scheduler', 'GetSchedule', { Name: 'daily' })).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'cron(0 4 * * ? *)',
    });
  });

  it('tries again while the target does not answer, as the same occasion', async () => {
    await create({
      Target: { ...target, Input: '{"id":"<aws.scheduler.execution-id>","attempt":<aws.scheduler.attempt-number>}' },
    });
    const remove = world.faults.add({ service: 'lambda' }, { kind: 'drop', when: 'after' }, { times: 1 });
    await until('2026-11-20T02:10:00Z');
    remove();
    expect(received().map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(new Set(received().map(({ id }) => id)).size).toBe(1);
  });

  it('tells which run was given up', async () => {
    world.role('schedules', 'scheduler.amazonaws.com', []);
    await create();
    await until('2026-11-20T03:00:00Z');
    expect(scheduler().failedDeliveries).toMatchObject([
      { rule: 'daily', target: target.Arn, attempts: 1, error: expect.stringMatching(/lambda:InvokeFunction/) },
    ]);
  });

  it.each([
    ['a cron text that is none', { ScheduleExpression: 'cron(0 2 * * *)' }, 'ValidationException'],
    [
      'a flexible window',
      { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } },
      'ValidationException',
    ],
    ['a start date', { StartDate: new Date('2026-11-21T00:00:00Z') }, 'ValidationException'],
    [
      'a universal target',
      { Target: { Arn: 'arn:aws:scheduler:::aws-sdk:sns:publish', RoleArn: 'arn:role', Input: '{}' } },
      'ValidationException',
    ],
    ['a group that does not exist', { GroupName: 'other' }, 'ResourceNotFoundException'],
  ])('is refused with %s', async (_, more, name) => {
    await expect(create(more)).rejects.toMatchObject({ name });
    expect(await world.call('scheduler', 'ListSchedules', {})).toEqual({ Schedules: [] });
  });

  it('is refused with a role that does not trust Scheduler, and with a name that is taken', async () => {
    const RoleArn = world.role('wrong', 'lambda.amazonaws.com', []);
    await expect(create({ Target: { ...target, RoleArn } })).rejects.toThrow(
      /must allow AWS EventBridge Scheduler to assume the role/,
    );
    await create();
    await expect(create()).rejects.toMatchObject({ name: 'ConflictException' });
  });

  it('lives in a group, which trust policies may name, and goes with it', async () => {
    const RoleArn = `arn:aws:iam::${ACCOUNT}:role/grouped`;
    const group = `arn:aws:scheduler:us-east-1:${ACCOUNT}:schedule-group/shop`;
    const Condition = { StringEquals: { 'aws:SourceArn': group } };
    const trust = [
      {
        Effect: 'Allow' as const,
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        Condition,
      },
    ];
    world.iam.putRole({ arn: RoleArn, trust, statements: [] });
    await world.call('scheduler', 'CreateScheduleGroup', { Name: 'shop' });
    await expect(create({ Target: { ...target, RoleArn } })).rejects.toThrow(/assume the role/);
    await create({ GroupName: 'shop', Target: { ...target, RoleArn } });
    await world.call('scheduler', 'DeleteScheduleGroup', { Name: 'shop' });
    expect(await world.call('scheduler', 'ListSchedules', {})).toEqual({ Schedules: [] });
    await settle(world);
  });
});
