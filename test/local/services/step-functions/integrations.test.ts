import { DBInstanceNotFoundFault } from '@aws-sdk/client-rds';
import { describe, expect, it } from 'vitest';
import { exceptionName, memberName } from '../../../../local/services/step-functions/tasks/naming.ts';
import { createTestRegion, type Handler, machine, ROLE } from './support.ts';

const task = (resource: string, Arguments: object, more: object = {}) =>
  machine({ Call: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, Arguments, End: true, ...more } });
const throwing =
  (error: unknown): Handler =>
  () => {
    throw error;
  };

describe('names', () => {
  it.each([
    ['DBInstanceIdentifier', 'DbInstanceIdentifier'],
    ['DBInstances', 'DbInstances'],
    ['TargetDBInstanceIdentifier', 'TargetDBInstanceIdentifier'],
    ['MultiAZ', 'MultiAZ'],
    ['ARN', 'Arn'],
    ['KMSKeyId', 'KmsKeyId'],
    ['ETag', 'ETag'],
    ['stateMachineArn', 'StateMachineArn'],
  ])('the member %s is %s', (member, expected) => expect(memberName(member)).toBe(expected));

  it.each([
    ['DBInstanceNotFoundFault', 'DbInstanceNotFoundException'],
    ['InvalidDBSnapshotStateFault', 'InvalidDbSnapshotStateException'],
    ['NoSuchKey', 'NoSuchKeyException'],
    ['ResourceNotFoundException', 'ResourceNotFoundException'],
  ])('the error %s is %s', (shape, expected) => expect(exceptionName(shape)).toBe(expected));
});

describe('an aws-sdk Task', () => {
  const describing = (more: object = {}) =>
    task('aws-sdk:rds:describeDBInstances', { DbInstanceIdentifier: '{% $states.input.id %}' }, more);

  it('calls the operation as the role of the machine and speaks the names of Step Functions both ways', async () => {
    const created = new Date('2026-11-20T02:00:00Z');
    const instance = {
      DBInstanceIdentifier: 'shop-db',
      DBInstanceStatus: 'available',
      MultiAZ: true,
      InstanceCreateTime: created,
    };
    const { run, calls } = createTestRegion({
      'rds.DescribeDBInstances': () => ({ DBInstances: [instance], $metadata: {} }),
    });
    const { output } = await run(describing(), { id: 'shop-db' });
    expect(output).toEqual({
      DbInstances: [
        {
          DbInstanceIdentifier: 'shop-db',
          DbInstanceStatus: 'available',
          MultiAZ: true,
          InstanceCreateTime: '2026-11-20T02:00:00Z',
        },
      ],
    });
    expect(calls.find(({ name }) => name === 'rds.DescribeDBInstances')).toMatchObject({
      input: { DBInstanceIdentifier: 'shop-db' },
      caller: { roleArn: ROLE },
    });
  });

  it('names the errors that the API describes after the service, with the suffix Exception', async () => {
    const missing = new DBInstanceNotFoundFault({
      message: 'DBInstance gone not found.',
      $metadata: { httpStatusCode: 404 },
    });
    const { run } = createTestRegion({ 'rds.DescribeDBInstances': throwing(missing) });
    const { error, cause } = await run(describing(), { id: 'gone' });
    expect(error).toBe('Rds.DbInstanceNotFoundException');
    expect(cause).toContain('DBInstance gone not found. (Service: Rds, Status Code: 404');
  });

  it('knows such an error by the code that travels, too', async () => {
    const answered = Object.assign(new Error('not found'), { code: 'DBInstanceNotFound', status: 404 });
    const { run } = createTestRegion({ 'rds.DescribeDBInstances': throwing(answered) });
    expect((await run(describing(), { id: 'gone' })).error).toBe('Rds.DbInstanceNotFoundException');
  });

  it('names refusals and throttling after the service alone, and lost connections SdkClientException', async () => {
    const denied = Object.assign(new Error('not authorized'), { code: 'AccessDenied', status: 403 });
    const one = createTestRegion({ 'rds.DescribeDBInstances': throwing(denied) });
    expect(await one.run(describing(), { id: 'x' })).toMatchObject({
      error: 'Rds.RdsException',
      cause: expect.stringContaining('AccessDenied'),
    });
    const two = createTestRegion({ 'rds.DescribeDBInstances': throwing(new Error('ECONNRESET')) });
    expect((await two.run(describing(), { id: 'x' })).error).toBe('Rds.SdkClientException');
  });

  it('refuses at run time what an expression brings and the operation does not know', async () => {
    const { run, calls } = createTestRegion();
    const whole = {
      Type: 'Task',
      Resource: 'arn:aws:states:::aws-sdk:rds:describeDBInstances',
      Arguments: '{% $states.input %}',
      End: true,
    };
    const { error, cause } = await run(machine({ Call: whole }), { DBInstanceIdentifier: 'x' });
    expect(error).toBe('States.Runtime');
    expect(cause).toContain("it spells it 'DbInstanceIdentifier'");
    expect(calls.some(({ name }) => name.startsWith('rds.'))).toBe(false);
  });

  it('turns text into times', async () => {
    const { run, calls } = createTestRegion({ 'rds.RestoreDBInstanceToPointInTime': () => ({}) });
    await run(
      task('aws-sdk:rds:restoreDBInstanceToPointInTime', {
        TargetDBInstanceIdentifier: 't',
        RestoreTime: '2026-11-20T01:00:00Z',
      }),
    );
    expect(calls.find(({ name }) => name.startsWith('rds.'))?.input.RestoreTime).toEqual(
      new Date('2026-11-20T01:00:00Z'),
    );
  });
});

describe('a Task that publishes', () => {
  it('sends a message that is no string as JSON', async () => {
    const { run, calls } = createTestRegion({ 'sns.Publish': () => ({ MessageId: 'm1' }) });
    expect((await run(task('sns:publish', { TopicArn: 'arn:t', Subject: 's', Message: { a: 1 } }))).output).toEqual({
      MessageId: 'm1',
    });
    expect(calls.at(-2)).toMatchObject({
      name: 'sns.Publish',
      input: { TopicArn: 'arn:t', Subject: 's', Message: '{"a":1}' },
    });
  });
});
