import {
  DBInstanceAlreadyExistsFault,
  DBSnapshotNotFoundFault,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  InvalidDBInstanceStateFault,
  KMSKeyNotAccessibleFault,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { DescribeExecutionCommand, ExecutionDoesNotExist, SFNClient } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import sample from '../../../events/samples/verification/restore-point.json' with { type: 'json' };
import { handler as remove } from '../../../functions/verification/remove-instance.ts';
import { handler as restore } from '../../../functions/verification/restore-point.ts';
import { handler as sweep } from '../../../functions/verification/sweep.ts';
import { instanceName, TEST_TAG } from '../../../functions/verification/test-instances.ts';
import { fakeWorld, run, type World } from '../../support/backups.ts';

const meta = { message: 'as RDS says', $metadata: {} };
const name = instanceName(sample.source, sample.execution);
let world: World;
beforeEach(() => {
  world = fakeWorld();
  world.point(sample.recoveryPoint);
});

const ours = (change: object = {}) => ({
  DBInstanceIdentifier: name,
  DBInstanceStatus: 'available',
  InstanceCreateTime: new Date(),
  TagList: [
    { Key: TEST_TAG, Value: sample.execution },
    { Key: 'lifeboat:service', Value: 'lifeboat-shop-test' },
  ],
  ...change,
});
const described = (...instances: object[]) =>
  world.rds.on(DescribeDBInstancesCommand).resolves({ DBInstances: instances });
const deleted = () => world.rds.commandCalls(DeleteDBInstanceCommand).map(({ args }) => args[0].input);

describe('the name of a test instance', () => {
  it('is one RDS accepts, however long or odd the source’s name', () => {
    for (const source of ['a', 'shop-db', 'x'.repeat(40), 'a--b-', `${'y'.repeat(29)}-z`]) {
      expect(instanceName(source, sample.execution)).toMatch(/^(?!.*--)[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
    }
  });

  it('differs for every execution and every source, though the visible part is cut', () => {
    const long = 'x'.repeat(39);
    const names = [instanceName(`${long}a`, 'e1'), instanceName(`${long}b`, 'e1'), instanceName(`${long}a`, 'e2')];
    expect(new Set(names).size).toBe(3);
  });
});

describe('a test restore', () => {
  it('is private, tagged with its execution, and keeps nothing', async () => {
    world.rds.on(RestoreDBInstanceFromDBSnapshotCommand).resolves({});
    await expect(run(restore, sample)).resolves.toEqual({ instance: name, created: true });
    expect(world.rds.commandCalls(RestoreDBInstanceFromDBSnapshotCommand)[0]?.args[0].input).toMatchObject({
      DBInstanceIdentifier: name,
      DBSnapshotIdentifier: 'lifeboat-shop-db-20261120t020000z-scheduled',
      PubliclyAccessible: false,
      DeletionProtection: false,
      Tags: [{ Key: TEST_TAG, Value: sample.execution }, { Key: 'lifeboat:service' }],
    });
  });

  it('adopts the instance that an earlier try of the same execution asked for', async () => {
    world.rds.on(RestoreDBInstanceFromDBSnapshotCommand).rejects(new DBInstanceAlreadyExistsFault(meta));
    described(ours());
    await expect(run(restore, sample)).resolves.toEqual({ instance: name, created: false });
  });

  it.each([{ TagList: [] }, { TagList: [{ Key: TEST_TAG, Value: 'another execution' }] }])(
    'leaves an instance alone that is not its own: %j',
    async (change) => {
      world.rds.on(RestoreDBInstanceFromDBSnapshotCommand).rejects(new DBInstanceAlreadyExistsFault(meta));
      described(ours(change));
      await expect(run(restore, sample)).rejects.toMatchObject({ name: 'InstanceForeign' });
    },
  );

  it.each([
    [new DBSnapshotNotFoundFault(meta), 'SnapshotMissing'],
    [new KMSKeyNotAccessibleFault(meta), 'KeyUnusable'],
  ])('names what is wrong with the point: %s', async (fault, expected) => {
    world.rds.on(RestoreDBInstanceFromDBSnapshotCommand).rejects(fault);
    await expect(run(restore, sample)).rejects.toMatchObject({ name: expected });
  });

  it('leaves quota and throttling as they are, because the machine waits for them by name', async () => {
    world.rds
      .on(RestoreDBInstanceFromDBSnapshotCommand)
      .rejects(Object.assign(new Error('no room'), { name: 'InstanceQuotaExceededFault' }));
    await expect(run(restore, sample)).rejects.toMatchObject({ name: 'InstanceQuotaExceededFault' });
  });

  it('refuses a misspelt field before anything is asked of RDS', async () => {
    await expect(run(restore, { ...sample, exection: 'x' })).rejects.toMatchObject({ name: 'RequestInvalid' });
    expect(world.rds.calls()).toHaveLength(0);
  });
});

describe('removing a test instance', () => {
  it('keeps no snapshot and no backups of it', async () => {
    described(ours());
    world.rds.on(DeleteDBInstanceCommand).resolves({});
    await expect(run(remove, sample)).resolves.toEqual({ instance: name, removed: false });
    expect(deleted()).toEqual([{ DBInstanceIdentifier: name, SkipFinalSnapshot: true, DeleteAutomatedBackups: true }]);
  });

  it('is done where there is none, and where it is going already', async () => {
    await expect(run(remove, sample)).resolves.toEqual({ instance: name, removed: true });
    described(ours({ DBInstanceStatus: 'deleting' }));
    await expect(run(remove, sample)).resolves.toEqual({ instance: name, removed: false });
    expect(deleted()).toEqual([]);
  });

  it('never touches what does not carry our tags', async () => {
    described(ours({ TagList: [] }));
    await expect(run(remove, sample)).rejects.toMatchObject({ name: 'InstanceForeign' });
    expect(deleted()).toEqual([]);
  });

  it('takes a refusal for done only where the instance is being deleted', async () => {
    world.rds.on(DeleteDBInstanceCommand).rejects(new InvalidDBInstanceStateFault(meta));
    world.rds
      .on(DescribeDBInstancesCommand)
      .resolvesOnce({ DBInstances: [ours()] })
      .resolves({ DBInstances: [ours({ DBInstanceStatus: 'deleting' })] });
    await expect(run(remove, sample)).resolves.toEqual({ instance: name, removed: false });
    world.rds.on(DescribeDBInstancesCommand).resolves({ DBInstances: [ours({ DBInstanceStatus: 'creating' })] });
    await expect(run(remove, sample)).rejects.toThrow(InvalidDBInstanceStateFault);
  });
});

describe('the sweep', () => {
  const running = (status: string) =>
    mockClient(SFNClient)
      .on(DescribeExecutionCommand)
      .resolves({ status } as never);

  it('removes instances of executions that ended, and of those that are not known any more', async () => {
    described(
      ours(),
      { DBInstanceIdentifier: 'shop-db', DBInstanceStatus: 'available' },
      ours({ DBInstanceIdentifier: 'tagged-by-another', TagList: [{ Key: TEST_TAG, Value: 'x' }] }),
    );
    world.rds.on(DeleteDBInstanceCommand).resolves({});
    running('TIMED_OUT');
    await expect(run(sweep, {})).resolves.toEqual({ removed: [name], kept: [] });
    mockClient(SFNClient).on(DescribeExecutionCommand).rejects(new ExecutionDoesNotExist(meta));
    await expect(run(sweep, {})).resolves.toEqual({ removed: [name], kept: [] });
    expect(deleted().map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toEqual([name, name]);
  });

  it('keeps instances whose execution runs, until long after every deadline', async () => {
    running('RUNNING');
    described(ours());
    await expect(run(sweep, {})).resolves.toEqual({ removed: [], kept: [name] });
    described(ours({ InstanceCreateTime: new Date(Date.now() - 5 * 3_600_000) }));
    world.rds.on(DeleteDBInstanceCommand).resolves({});
    await expect(run(sweep, {})).resolves.toEqual({ removed: [name], kept: [] });
  });

  it('removes nothing where it cannot learn whether the execution runs', async () => {
    mockClient(SFNClient).on(DescribeExecutionCommand).rejects(new Error('no answer'));
    described(ours());
    await expect(run(sweep, {})).rejects.toThrow('no answer');
    expect(deleted()).toEqual([]);
  });
});
