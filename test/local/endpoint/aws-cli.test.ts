import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aws, isInstalled } from './clients.ts';
import { createTestWorld, type TestWorld } from './regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const cli = (...args: string[]) => aws(test.east, ...args);
const json = async (...args: string[]) => JSON.parse(await cli(...args));

describe.runIf(isInstalled('aws', '--version'))('the AWS CLI', () => {
  it('talks to services of every protocol', async () => {
    const [identity, key, topic, snapshots, functions, schedules, machines, rule, alarms, stacks] = await Promise.all([
      json('sts', 'get-caller-identity'),
      json('kms', 'create-key', '--description', 'vault', '--multi-region'),
      json('sns', 'create-topic', '--name', 'critical', '--tags', 'Key=a,Value=b'),
      json('rds', 'describe-db-snapshots', '--snapshot-type', 'manual'),
      json('lambda', 'list-functions'),
      json('scheduler', 'list-schedules'),
      json('stepfunctions', 'list-state-machines'),
      json('events', 'put-rule', '--name', 'rule', '--event-pattern', '{"source":["aws.rds"]}'),
      json('cloudwatch', 'describe-alarms'),
      json('cloudformation', 'describe-stacks'),
    ]);
    expect(identity).toMatchObject({ Arn: 'arn:aws:iam::111122223333:user/operator' });
    expect(key).toMatchObject({ KeyMetadata: { Description: 'vault', MultiRegion: true } });
    expect(topic).toEqual({ TopicArn: 'arn:aws:sns:us-east-1:111122223333:critical' });
    expect(snapshots).toEqual({ DBSnapshots: [] });
    expect(functions).toEqual({ Functions: [] });
    expect(schedules).toEqual({ Schedules: [] });
    expect(machines).toEqual({ stateMachines: [] });
    expect(rule).toEqual({ RuleArn: 'arn:aws:events:us-east-1:111122223333:rule/rule' });
    expect(alarms).toMatchObject({ MetricAlarms: [] });
    expect(stacks).toEqual({ Stacks: [] });
  });

  it('keeps a secret and reads it again', async () => {
    await cli('secretsmanager', 'create-secret', '--name', 'shop/database', '--secret-string', '{"password":"é<&>"}');
    const { SecretString } = await json('secretsmanager', 'get-secret-value', '--secret-id', 'shop/database');
    expect(SecretString).toBe('{"password":"é<&>"}');
  });

  it('shows what was refused, and fails', async () => {
    await expect(cli('rds', 'describe-db-snapshots', '--db-snapshot-identifier', 'none')).rejects.toMatchObject({
      code: expect.toSatisfy((code: number) => code > 0),
      stderr: expect.stringContaining('(DBSnapshotNotFound)'),
    });
    await expect(cli('rds', 'describe-db-clusters')).rejects.toMatchObject({
      stderr: expect.stringContaining('rds:DescribeDBClusters'),
    });
    await expect(cli('s3api', 'head-object', '--bucket', 'no-such-bucket', '--key', 'k')).rejects.toMatchObject({
      stderr: expect.stringContaining('(404)'),
    });
  });

  it('copies, lists, synchronises and removes objects, large ones in parts', async () => {
    const folder = join(test.directory, 'files');
    await mkdir(join(folder, 'deep'), { recursive: true });
    const large = randomBytes(10 * 1024 * 1024);
    await writeFile(join(folder, 'large'), large);
    await writeFile(join(folder, 'deep', 'a b+c%é'), 'odd name');
    await cli('s3', 'mb', 's3://cli-bucket');
    await cli('s3', 'sync', '--no-progress', folder, 's3://cli-bucket/files');
    const listed = await cli('s3', 'ls', '--recursive', 's3://cli-bucket');
    expect(listed.split('\n').map((line) => line.replace(/^.{20}/, '').trim())).toEqual([
      '8 files/deep/a b+c%é',
      '10485760 files/large',
      '',
    ]);
    await cli('s3', 'cp', '--no-progress', '--recursive', 's3://cli-bucket/files', join(test.directory, 'back'));
    expect((await readFile(join(test.directory, 'back', 'large'))).equals(large)).toBe(true);
    expect(await readdir(join(test.directory, 'back', 'deep'))).toEqual(['a b+c%é']);
    const link = (await cli('s3', 'presign', 's3://cli-bucket/files/deep/a b+c%é')).trim();
    expect(await (await fetch(link)).text()).toBe('odd name');
    await cli('s3', 'rb', '--force', 's3://cli-bucket');
    expect(await json('s3api', 'list-buckets')).toMatchObject({ Buckets: [] });
  });
});
