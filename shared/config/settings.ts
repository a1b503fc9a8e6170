import { z } from 'zod';
import { LifeboatError } from '../errors.ts';

export class SettingsInvalid extends LifeboatError {
  override readonly name = 'SettingsInvalid';
}

const Settings = z.object({
  AWS_REGION: z.string().min(1),
  LIFEBOAT_ROLE: z.enum(['primary', 'recovery']),
  LIFEBOAT_SERVICE: z.string().min(1),
  LIFEBOAT_ACCOUNT: z.string().regex(/^\d{12}$/),
  VAULT_BUCKET: z.string().min(3),
  VAULT_KEY_ARN: z.string().startsWith('arn:'),
  PEER_REGION: z.string().min(1),
  PEER_VAULT_BUCKET: z.string().min(3),
  PEER_VAULT_KEY_ARN: z.string().startsWith('arn:'),
  EXCHANGE_BUCKET: z.string().min(3),
  TOPIC_ARN_PREFIX: z.string().startsWith('arn:'),
  EXPORT_ROLE_ARN: z.string().startsWith('arn:'),
});

export interface Settings {
  region: string;
  role: 'primary' | 'recovery';
  /** `lifeboat-<platform>-<stage>`: the first part of every deployed name. */
  service: string;
  account: string;
  vaultBucket: string;
  vaultKeyArn: string;
  /** The other region of this platform: the recovery region seen from the primary, and the other way round. */
  peer: { region: string; vaultBucket: string; vaultKeyArn: string };
  /** Where ElastiCache and this service hand RDB files to each other. */
  exchangeBucket: string;
  topicArnPrefix: string;
  exportRoleArn: string;
}

/**
 * What differs by deployment. The only reader of the environment; read on each use, so nothing is remembered across tests.
 * @throws {SettingsInvalid} naming every variable that is missing or malformed.
 */
export const settings = (): Settings => {
  const parsed = Settings.safeParse(process.env);
  if (!parsed.success) {
    throw new SettingsInvalid(`the function's environment is not valid:\n${z.prettifyError(parsed.error)}\n`, {
      source: 'settings',
      next: 'Deploy the service again from its package; do not edit function environments by hand.',
    });
  }
  const env = parsed.data;
  return {
    region: env.AWS_REGION,
    role: env.LIFEBOAT_ROLE,
    service: env.LIFEBOAT_SERVICE,
    account: env.LIFEBOAT_ACCOUNT,
    vaultBucket: env.VAULT_BUCKET,
    vaultKeyArn: env.VAULT_KEY_ARN,
    peer: { region: env.PEER_REGION, vaultBucket: env.PEER_VAULT_BUCKET, vaultKeyArn: env.PEER_VAULT_KEY_ARN },
    exchangeBucket: env.EXCHANGE_BUCKET,
    topicArnPrefix: env.TOPIC_ARN_PREFIX,
    exportRoleArn: env.EXPORT_ROLE_ARN,
  };
};
