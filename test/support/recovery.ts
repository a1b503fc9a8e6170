// A failover as the functions of the recovery region see it. Test files that use it put the configuration with a recovery
// in place: `vi.mock('#platform', () => import('<…>/support/recovery.config.ts'))`.
import type { DBInstance } from '@aws-sdk/client-rds';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { Epoch, epochKey, type Phase, PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { PRIMARY, RECOVERY, stubEnvironment, VAULT } from './environment.ts';
import { type ShopPlatform, shopPlatform } from './platform.ts';
import { PASSWORD, type TestServer, USER } from './postgres.ts';

export const ID = 'failover-20261120';
export const TIME = '2026-11-20T03:00:00.000Z';

export interface RecoveryRegion extends ShopPlatform {
  /** What the secret of the database says. */
  login: { username: string; password: string };
  epoch(): Epoch;
  /** The failover ID as its declaration leaves it. */
  declared(change?: Partial<Epoch>): Promise<Epoch>;
  record(phase: Phase, failoverId?: string): PhaseRecord;
  /** A running server as an instance of RDS. */
  serve(region: 'primary' | 'recovery', instance: string, server: TestServer, change?: DBInstance): DBInstance;
  /** A phase that is done, with its facts. */
  finished(phase: Phase, facts: PhaseRecord['facts'], failoverId?: string): Promise<void>;
}

/** Call it in beforeEach; afterEach: `vi.useRealTimers()`. */
export const recoveryRegion = (): RecoveryRegion => {
  const platform = shopPlatform(TIME);
  stubEnvironment({
    AWS_REGION: RECOVERY,
    LIFEBOAT_ROLE: 'recovery',
    PEER_REGION: PRIMARY,
    // One bucket for both vaults, as if everything were replicated at once.
    PEER_VAULT_BUCKET: VAULT,
  });
  const { vault, rds } = platform;
  mockClient(SecretsManagerClient)
    .on(GetSecretValueCommand)
    .callsFake(() => {
      platform.readingSecret();
      return { SecretString: JSON.stringify(region.login) };
    });
  const region: RecoveryRegion = Object.assign(platform, {
    login: { username: USER, password: PASSWORD },
    epoch: () => Epoch.parse(JSON.parse(vault.text(epochKey(RECOVERY)))),
    declared: async (change = {}) => {
      const epoch: Epoch = {
        epoch: 1,
        failoverId: ID,
        kind: 'failover',
        from: PRIMARY,
        to: RECOVERY,
        execution: 'execution-1',
        status: 'running',
        declaredAt: TIME,
        reason: 'the region does not answer',
        ...change,
      };
      await vault.place(epochKey(RECOVERY), JSON.stringify(epoch));
      return epoch;
    },
    record: (phase, failoverId = ID) => PhaseRecord.parse(JSON.parse(vault.text(phaseKey(failoverId, phase)))),
    serve: (of, id, { port }, change = {}) => {
      const instance = {
        DBInstanceIdentifier: id,
        DBInstanceStatus: 'available',
        Endpoint: { Address: '127.0.0.1', Port: port },
        ...change,
      };
      rds[of].instances.set(id, instance);
      return instance;
    },
    finished: async (phase, facts, failoverId = ID) => {
      const record: PhaseRecord = { phase, startedAt: TIME, endedAt: TIME, attempts: 1, facts };
      await vault.place(phaseKey(failoverId, phase), JSON.stringify(record));
    },
  } satisfies Omit<RecoveryRegion, keyof ShopPlatform>);
  return region;
};
