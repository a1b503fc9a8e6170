import { vi } from 'vitest';

export const ACCOUNT = '111122223333';
export const PRIMARY = 'us-east-1';
export const RECOVERY = 'us-west-2';
export const VAULT = 'lifeboat-shop-test-vault';
export const EXCHANGE = 'lifeboat-shop-test-rdb';

/** The environment a deployed function of the primary region has; `change` takes the place of single variables. */
export const stubEnvironment = (change: Record<string, string | undefined> = {}): void => {
  const environment: Record<string, string | undefined> = {
    AWS_REGION: PRIMARY,
    LIFEBOAT_ROLE: 'primary',
    LIFEBOAT_SERVICE: 'lifeboat-shop-test',
    LIFEBOAT_ACCOUNT: ACCOUNT,
    VAULT_BUCKET: VAULT,
    VAULT_KEY_ARN: `arn:aws:kms:${PRIMARY}:${ACCOUNT}:key/mrk-vault`,
    PEER_REGION: RECOVERY,
    PEER_VAULT_BUCKET: `${VAULT}-${RECOVERY}`,
    PEER_VAULT_KEY_ARN: `arn:aws:kms:${RECOVERY}:${ACCOUNT}:key/mrk-vault`,
    EXCHANGE_BUCKET: EXCHANGE,
    TOPIC_ARN_PREFIX: `arn:aws:sns:${PRIMARY}:${ACCOUNT}:lifeboat-shop-test-`,
    EXPORT_ROLE_ARN: `arn:aws:iam::${ACCOUNT}:role/export`,
    ...change,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
};
