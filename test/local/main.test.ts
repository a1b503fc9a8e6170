import { execFile, execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled } from './endpoint/clients.ts';
import { exportedBy, type Running, startLocal } from './running.ts';

let parent: string;
let directory: string;
let local: Running;
beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'local-'));
  directory = join(parent, 'state');
  local = startLocal('--port', '0', '--scale', '0.005', '--directory', directory);
  await local.hears(/quit {2,}/);
});
afterAll(async () => {
  local.process.kill('SIGKILL');
  await local.ended;
  rmSync(parent, { recursive: true, force: true });
});

const settings = (region: string) => {
  const { AWS_ENDPOINT_URL = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = exportedBy(local);
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return { endpoint: AWS_ENDPOINT_URL, region, credentials, maxAttempts: 1 };
};
const rds = (region: string): RDSClient => new RDSClient(settings(region));
const instancesIn = async (region: string): Promise<string[]> => {
  const { DBInstances = [] } = await rds(region).send(new DescribeDBInstancesCommand({}));
  return DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier ?? '');
};
/** Processes that mention the folder: its database servers. */
const engines = (): string[] =>
  execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(directory) && line.includes('postgres'));

describe('npm run local', () => {
  it('serves both regions at the address it prints', async () => {
    expect(await instancesIn('us-east-1')).toEqual(['shop-db']);
    expect(await instancesIn('us-west-2')).toEqual(['shop-db-replica']);
    expect(engines()).toHaveLength(2);
  });

  it.runIf(isInstalled('aws', '--version'))(
    'prints commands that work as they stand',
    async () => {
      const script = join(parent, 'commands.sh');
      writeFileSync(script, /\n( {2}export AWS_[\s\S]*?)\n {2}psql/.exec(local.printed())?.[1] ?? '');
      const { PATH, HOME } = process.env;
      const env = { PATH, HOME, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_PAGER: '' };
      // A pipe, as /dev/stdout is no file that can be opened where Node made it.
      const { stdout } = await promisify(execFile)('sh', ['-c', 'sh -u "$0" 2>&1 | cat', script], { env });
      expect(stdout).toContain('"DBSnapshots": [');
      expect(stdout).toContain('"executionArn"');
      expect(stdout).toMatch(/"status": "(RUNNING|SUCCEEDED)"/);
      expect(stdout).toContain('"StatusCode": 200');
      expect(stdout).not.toMatch(/FunctionError|rror:|not found/);
      expect(stdout).toContain('"DBInstanceIdentifier": "shop-db-replica"');
    },
    120_000,
  );

  it.runIf(isInstalled('python3', '-c', 'import boto3'))(
    'is operated with boto3, unmodified',
    async () => {
      const { PATH, HOME } = process.env;
      const env = { ...exportedBy(local), PATH, HOME, AWS_CONFIG_FILE: '/dev/null', PYTHONDONTWRITEBYTECODE: '1' };
      const script = join(import.meta.dirname, 'operate.py');
      const { stdout } = await promisify(execFile)('python3', [script], { env });
      expect(JSON.parse(stdout)).toEqual({
        snapshot: ['available', 100, true, [{ Key: 'by', Value: 'boto3' }]],
        instances: ['shop-db'],
        invoked: [200, false, true],
        metrics: true,
        statistics: [[2, 2]],
        alarms: true,
        schedules: true,
        rules: true,
        stack: 'CREATE_COMPLETE',
        parameter: 'us-west-2',
        secret: ['password', 'username'],
        topics: 13,
        machines: expect.arrayContaining(['backup-database', 'restore-database', 'verify-database']),
        elsewhere: ['shop-db-replica'],
      });
    },
    120_000,
  );

  it('lets time pass when told to: a backup becomes a snapshot', async () => {
    const { AWS_REGION: region = '' } = exportedBy(local);
    const [, stateMachineArn, input] =
      /start-execution --state-machine-arn (\S+) \\\n.*--input '(.*)'/.exec(local.printed()) ?? [];
    const states = new SFNClient(settings(region));
    await states.send(new StartExecutionCommand({ stateMachineArn, input }));
    local.type('advance 1 hour');
    await local.hears(/It is .*Z\./);
    const { DBSnapshots } = await rds(region).send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
    expect(DBSnapshots).toContainEqual(
      expect.objectContaining({ DBSnapshotIdentifier: expect.stringMatching(/on-demand$/), Status: 'available' }),
    );
  }, 120_000);

  it('says what it does not understand, and goes on', async () => {
    local.type('advance slowly');
    await local.hears(/advance slowly: a duration is written like/);
    local.type('time');
    await local.hears(/It is /);
  });

  it('runs once: a second one says who is there, and leaves it alone', async () => {
    const second = startLocal('--port', '0', '--directory', directory);
    expect(await second.ended).toBe(2);
    expect(second.printed()).toBe(
      `Another run, process ${local.process.pid}, uses ${directory}. End it first (type quit there, or kill it), or choose another --directory. If there is none, remove ${directory}.lock.\n`,
    );
    expect(await instancesIn('us-east-1')).toEqual(['shop-db']);
  });

  it.each(['primary', 'recovery'])(
    'says so where the port of the %s region is taken, and leaves nothing behind',
    async (role) => {
      // Below the ports that the system hands out: nobody else's engine is next to it.
      const port = 20_000 + 2 * randomInt(5_000);
      const server = createServer().listen(port, '127.0.0.1');
      await once(server, 'listening');
      const other = join(parent, 'other');
      const refused = startLocal('--port', String(role === 'primary' ? port : port - 1), '--directory', other);
      expect(await refused.ended).toBe(2);
      expect(refused.printed()).toContain(`Port ${port} is taken`);
      expect(existsSync(`${other}.lock`)).toBe(false);
      server.close();
    },
  );

  it('refuses flags it does not know', async () => {
    const refused = startLocal('--prot', '1');
    expect(await refused.ended).toBe(2);
    expect(refused.printed()).toMatch(/^Unknown option '--prot'.*\n\nnpm run local -- \[flags\]\n/);
  });

  it('kills a region with its engines; the other goes on', async () => {
    local.type('kill us-east-1');
    await local.hears(/us-east-1 is gone/);
    await expect(instancesIn('us-east-1')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(engines()).toHaveLength(1);
  });

  it('ends with its engines on SIGTERM, and by itself: nothing it opened is still open', async () => {
    local.process.kill('SIGTERM');
    expect(await local.ended).toBe(143);
    expect(engines()).toEqual([]);
    expect(existsSync(`${directory}.lock`)).toBe(false);
  });
});

describe('npm run local, told to quit', () => {
  it('ends well, also while it is still starting', async () => {
    const quit = startLocal('--port', '0', '--scale', '0.005', '--directory', directory);
    quit.type('quit');
    expect(await quit.ended).toBe(0);
    expect(engines()).toEqual([]);
    const interrupted = startLocal('--port', '0', '--scale', '0.005', '--directory', directory);
    await interrupted.hears(/filling/);
    interrupted.process.kill('SIGINT');
    expect(await interrupted.ended).toBe(130);
    expect(interrupted.printed()).not.toMatch(/error/i);
    expect(engines()).toEqual([]);
    expect(existsSync(`${directory}.lock`)).toBe(false);
  }, 120_000);
});
