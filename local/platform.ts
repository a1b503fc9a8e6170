// A whole platform in two local regions: the packaged service deployed as README says for AWS, and the database it protects.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { packageFolder } from '../scripts/package.ts';
import { configuration, rdsSourceNamed, sourcesOfKind } from '../shared/config/platform.ts';
import { type DeployedStack, deploy } from './deploy/deploy.ts';
import { createWorld, type LocalRegion, type LocalWorld, type WorldOptions } from './world.ts';

const STAGE = 'dev';
const DAY = 86_400;

export interface LocalPlatform {
  world: LocalWorld;
  primary: LocalRegion;
  recovery: LocalRegion;
  stacks: { primary: DeployedStack; recovery: DeployedStack };
  /** `lifeboat-shop-dev`. */
  service: string;
  /** Name of the database among the example's sources. */
  source: string;
  /** Calls an operation as the operator. */
  ask<T = Record<string, unknown>>(region: LocalRegion, service: string, operation: string, input: object): Promise<T>;
  /** A session on an instance, as its application would open it. */
  connect(region: LocalRegion, instance: string, credentials?: { user: string; password: string }): Promise<pg.Client>;
  /**
   * Switches on what runs every minute of region time: assessment, canary, the hold on names. Asleep until then, or a month that passes in
   * minutes would be spent on them.
   */
  keepWatch(): Promise<void>;
  /** What is scheduled for caches sleeps until there is one. */
  wakeCaches(): Promise<void>;
  /** As of caches. */
  wakeStreams(): Promise<void>;
  close(): Promise<void>;
}

export type PlatformOptions = Omit<WorldOptions, 'regions'>;

/** Deploys the recovery region first, because it owns the key, hands its ARN over, and deploys the primary. */
export const startPlatform = async (options: PlatformOptions): Promise<LocalPlatform> => {
  const platform = configuration();
  const { primary: primaryName, recovery: recoveryName } = platform.regions;
  const world = await createWorld({ ...options, regions: [primaryName, recoveryName] });
  const service = `lifeboat-${platform.platform}-${STAGE}`;
  const [primary, recovery] = [world.region(primaryName), world.region(recoveryName)];
  const ask = <T = Record<string, unknown>>(
    region: LocalRegion,
    name: string,
    operation: string,
    input: object,
  ): Promise<T> => region.call<T>(name, operation, input, world.iam.operator);
  const dns = platform.recovery?.dns;
  // The zone is the customer's, and older than all this.
  if (dns) world.dns.host({ id: dns.zoneId, name: dns.zone });
  try {
    const recoveryStack = await deploy(recovery, { packageDirectory: packageFolder('recovery'), stackName: service });
    await ask(primary, 'ssm', 'PutParameter', {
      Name: `/lifeboat/${platform.platform}/${STAGE}/vault-key-arn`,
      Value: recoveryStack.outputs.VaultKeyArn,
      Type: 'String',
    });
    const primaryStack = await deploy(primary, { packageDirectory: packageFolder('primary'), stackName: service });
    const everyMinute: [LocalRegion, string][] = [
      [recovery, 'assess'],
      [primary, 'canary'],
      [primary, 'guard'],
      [recovery, 'guard'],
      ...(dns?.mode === 'health-check'
        ? [primary, recovery].map((each): [LocalRegion, string] => [each, 'hold-dns'])
        : []),
    ];
    const ofCaches = [
      ...['reconcile-caches', 'measure-caches', 'sweep-caches'],
      ...sourcesOfKind('elasticache-redis').flatMap(([name]) => [`${name}-snapshot`, `${name}-verify`]),
    ].map((name): [LocalRegion, string] => [primary, name]);
    const turn = async (schedules: [LocalRegion, string][], State: 'ENABLED' | 'DISABLED'): Promise<void> => {
      for (const [region, Name] of schedules) {
        const name = { GroupName: service, Name };
        const schedule = await ask<object>(region, 'scheduler', 'GetSchedule', name);
        await ask(region, 'scheduler', 'UpdateSchedule', { ...schedule, ...name, State });
      }
    };
    const streams = sourcesOfKind('kafka').flatMap(([name]) => [`${name}-archive`, `${name}-verify`]);
    const ofStreams = [...streams, ...(streams.length > 0 ? ['measure-clusters'] : [])].map(
      (name): [LocalRegion, string] => [primary, name],
    );
    await turn([...everyMinute, ...ofCaches, ...ofStreams], 'DISABLED');
    const [database] = sourcesOfKind('rds-postgres');
    if (!database) throw new Error('The configuration has no source of kind rds-postgres.');
    return {
      world,
      primary,
      recovery,
      stacks: { primary: primaryStack, recovery: recoveryStack },
      service,
      source: database[0],
      ask,
      connect: (region, instance, credentials) => connect(region, instance, credentials ?? master()),
      keepWatch: () => turn(everyMinute, 'ENABLED'),
      wakeCaches: () => turn(ofCaches, 'ENABLED'),
      wakeStreams: () => turn(ofStreams, 'ENABLED'),
      close: () => world.close(),
    };
  } catch (error) {
    await world.close();
    throw error;
  }
};

let masterPassword: string | undefined;
/** Made anew for every run; it stands in Secrets Manager and nowhere else. */
const master = (): { user: string; password: string } => {
  masterPassword ??= randomBytes(18).toString('base64url');
  return { user: 'shop', password: masterPassword };
};

/** What the shop's services log in as: fencing shuts it out and leaves the administrator in. */
export const APPLICATION = 'shop_app';
const applicationPassword = randomBytes(18).toString('base64url');
export const application = { user: APPLICATION, password: applicationPassword };

/** The instance of the source as its posture demands, its secret, and a read replica in the recovery region. */
export const createDatabase = async (
  { ask, primary, recovery, source, stacks, world }: LocalPlatform,
  fill: (client: pg.Client) => Promise<void>,
): Promise<void> => {
  const settings = rdsSourceNamed(source);
  const { user, password } = master();
  // The database has a key of its own, as databases do that were there before this service.
  const { KeyMetadata } = await ask<{ KeyMetadata: { Arn: string } }>(primary, 'kms', 'CreateKey', {
    Description: 'shop-db',
  });
  for (const region of [primary, recovery]) {
    await ask(region, 'secretsmanager', 'CreateSecret', {
      Name: settings.secret,
      SecretString: JSON.stringify({ username: user, password }),
    });
  }
  await ask(primary, 'rds', 'CreateDBInstance', {
    DBInstanceIdentifier: settings.instance,
    DBName: settings.database,
    Engine: 'postgres',
    DBInstanceClass: 'db.m6g.large',
    AllocatedStorage: 20,
    MasterUsername: user,
    MasterUserPassword: password,
    StorageEncrypted: true,
    KmsKeyId: KeyMetadata.Arn,
    MultiAZ: true,
    BackupRetentionPeriod: settings.posture.backupRetention / DAY,
    PreferredBackupWindow: settings.posture.window,
    DeletionProtection: true,
    PubliclyAccessible: false,
  });
  await world.clock.settled();
  const client = await connect(primary, settings.instance, { user, password });
  try {
    await fill(client);
    await client.query(`CREATE ROLE ${APPLICATION} LOGIN PASSWORD '${applicationPassword}'`);
    await client.query(`GRANT pg_read_all_data, pg_write_all_data TO ${APPLICATION}`);
  } finally {
    await client.end();
  }
  if (!settings.replica) return;
  await ask(recovery, 'rds', 'CreateDBInstanceReadReplica', {
    DBInstanceIdentifier: settings.replica.instance,
    SourceDBInstanceIdentifier: `arn:aws:rds:${primary.name}:${primary.account}:db:${settings.instance}`,
    KmsKeyId: stacks.recovery.outputs.VaultKeyArn,
  });
  await world.clock.settled();
};

const connect = async (
  region: LocalRegion,
  instance: string,
  { user, password }: { user: string; password: string },
): Promise<pg.Client> => {
  const { host, port } = region.rds.server(instance);
  const authority = path.join(region.directory, 'ca.pem');
  const [settings] = sourcesOfKind('rds-postgres').map(([, source]) => source);
  const client = new pg.Client({
    host,
    port,
    user,
    password,
    database: settings?.database,
    ssl: existsSync(authority) ? { ca: readFileSync(authority, 'utf8') } : false,
  });
  // A server that goes away ends its sessions; whoever uses one next is told by the query that fails.
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
