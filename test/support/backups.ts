// A backup and its proof as the machines run them, against real PostgreSQL, with AWS's own part faked: which instance
// answers where, whether the snapshot exists, and the vault.
import {
  DBInstanceNotFoundFault,
  DBSnapshotNotFoundFault,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { vi } from 'vitest';
import { handler as closeFingerprint } from '../../functions/verification/close-fingerprint.ts';
import { handler as compareFingerprint } from '../../functions/verification/compare-fingerprint.ts';
import { Comparison, comparisonKey } from '../../functions/verification/evidence.ts';
import type { Phase } from '../../functions/verification/fingerprint-document.ts';
import { handler as planFingerprint } from '../../functions/verification/plan-fingerprint.ts';
import { handler as takeFingerprint } from '../../functions/verification/take-fingerprint.ts';
import { instanceName } from '../../functions/verification/test-instances.ts';
import { catalogKey } from '../../shared/catalog/ids.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { type FakeVault, fakeVault } from './fake-vault.ts';
import { contextFor } from './lambda-context.ts';
import { PASSWORD, type TestServer, USER } from './postgres.ts';

export const SOURCE = 'shop-db';
export const EXECUTION = 'arn:aws:states:us-east-1:111122223333:execution:verify-database:test-1';

export const samplePoint = (id: string): RecoveryPoint => ({
  schemaVersion: 1,
  id,
  source: SOURCE,
  kind: 'rds-postgres',
  method: 'snapshot',
  purpose: 'scheduled',
  status: 'stored',
  scheduledAt: '2026-11-20T02:00:00.000Z',
  startedAt: '2026-11-20T02:00:00.000Z',
  pointInTime: '2026-11-20T02:05:00.000Z',
  nativeId: `lifeboat-${id}`,
  credential: { secret: 'shop/database', versionId: 'none' },
  artifacts: [],
  copies: [],
  retention: { class: 'daily', expiresAt: '2026-12-20T02:00:00.000Z' },
  verifications: [],
  tool: 'lifeboat test',
});

export interface World {
  vault: FakeVault;
  rds: ReturnType<typeof mockClient>;
  secrets: ReturnType<typeof mockClient>;
  /** Where instances answer, by name. */
  instances: Map<string, TestServer>;
  snapshots: Set<string>;
  point(id?: string): RecoveryPoint;
}

const stubSettings = (): void => {
  const env = {
    AWS_REGION: 'us-east-1',
    LIFEBOAT_ROLE: 'primary',
    LIFEBOAT_SERVICE: 'lifeboat-shop-test',
    LIFEBOAT_ACCOUNT: '111122223333',
    VAULT_BUCKET: 'vault',
    VAULT_KEY_ARN: 'arn:aws:kms:us-east-1:111122223333:key/1',
    PEER_REGION: 'us-west-2',
    PEER_VAULT_BUCKET: 'vault-recovery',
    PEER_VAULT_KEY_ARN: 'arn:aws:kms:us-west-2:111122223333:key/1',
    TOPIC_ARN_PREFIX: 'arn:aws:sns:us-east-1:111122223333:lifeboat-',
    EXCHANGE_BUCKET: 'exchange',
    EXPORT_ROLE_ARN: 'arn:aws:iam::111122223333:role/export',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

export const fakeWorld = (): World => {
  stubSettings();
  const vault = fakeVault();
  const rds = mockClient(RDSClient);
  const secrets = mockClient(SecretsManagerClient);
  const instances = new Map<string, TestServer>();
  const snapshots = new Set<string>();
  rds.on(DescribeDBInstancesCommand).callsFake(({ DBInstanceIdentifier: id }) => {
    const server = instances.get(id);
    if (!server) throw new DBInstanceNotFoundFault({ message: id, $metadata: {} });
    return {
      DBInstances: [
        {
          DBInstanceIdentifier: id,
          DBInstanceStatus: 'available',
          DbiResourceId: `db-${id}`,
          Endpoint: { Address: '127.0.0.1', Port: server.port },
        },
      ],
    };
  });
  rds.on(DescribeDBSnapshotsCommand).callsFake(({ DBSnapshotIdentifier: id }) => {
    if (!snapshots.has(id)) throw new DBSnapshotNotFoundFault({ message: id, $metadata: {} });
    return { DBSnapshots: [{ DBSnapshotIdentifier: id, Status: 'available' }] };
  });
  secrets.on(GetSecretValueCommand).resolves({ SecretString: JSON.stringify({ username: USER, password: PASSWORD }) });
  return {
    vault,
    rds: rds as never,
    secrets: secrets as never,
    instances,
    snapshots,
    point: (id = `${SOURCE}-20261120t020000z-scheduled`) => {
      const point = samplePoint(id);
      if (!vault.objects.has(catalogKey(id))) vault.put(catalogKey(id), point);
      return point;
    },
  };
};

/** Calls a function as Lambda does. */
export const run = <R>(handler: (event: never, context: never) => Promise<R>, event: object): Promise<R> =>
  handler(event as never, contextFor('test', 600_000) as never);

/** One fingerprint from plan to close, as backup-database takes it. */
export const fingerprint = async (recoveryPoint: string, phase: Phase): Promise<void> => {
  const { items } = await run(planFingerprint, { source: SOURCE, recoveryPoint, phase });
  for (const item of items) await run(takeFingerprint, item);
  await run(closeFingerprint, { source: SOURCE, recoveryPoint, phase });
};

/** Every comparison of one verification, as verify-database makes them. */
export const compareAll = async (
  world: World,
  recoveryPoint: string,
  copy: TestServer,
  execution = EXECUTION,
): Promise<Comparison[]> => {
  world.instances.set(instanceName(SOURCE, execution), copy);
  const { items } = await run(planFingerprint, { source: SOURCE, recoveryPoint, phase: 'after' });
  const findings: Comparison[] = [];
  for (const item of ['schema' as const, ...items.keys()]) {
    await run(compareFingerprint, { source: SOURCE, recoveryPoint, execution, item });
    findings.push(Comparison.parse(world.vault.json(comparisonKey(recoveryPoint, execution, item))));
  }
  return findings;
};
