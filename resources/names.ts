import type { Platform } from '../shared/config/schema.ts';

export type Role = 'primary' | 'recovery';

/** One of the two deployments of a platform, and the names everything in it goes by. */
export interface Deployment {
  platform: Platform;
  role: Role;
  stage: string;
  /** `lifeboat-shop-dev`: first part of every name. */
  service: string;
  region: string;
  peerRegion: string;
}

export const deploymentOf = (platform: Platform, role: Role, stage: string): Deployment => {
  const { primary, recovery } = platform.regions;
  const service = `lifeboat-${platform.platform}-${stage}`;
  for (const bucket of [primary, recovery].map((region) => `${service}-access-000000000000-${region}`)) {
    // Bucket names have at most 63 characters, lower case letters, digits and hyphens (S3 user guide, 2026-11).
    if (bucket.length > 63 || !/^[a-z0-9-]+$/.test(bucket))
      throw new Error(
        `platform "${platform.platform}" and stage "${stage}" make the bucket name ${bucket}: expected at most 63 lower case letters, digits and hyphens, found ${bucket.length} characters. Choose a shorter platform or stage.`,
      );
  }
  return {
    platform,
    role,
    stage,
    service,
    region: role === 'primary' ? primary : recovery,
    peerRegion: role === 'primary' ? recovery : primary,
  };
};

export const sub = (text: string) => ({ 'Fn::Sub': text });
export const arnOf = (logicalId: string) => ({ 'Fn::GetAtt': [logicalId, 'Arn'] });

/** Bucket names are global: account and region make them ours. */
export const vaultBucket = ({ service }: Deployment, region: string) =>
  sub(`${service}-vault-\${AWS::AccountId}-${region}`);
export const logBucket = ({ service, region }: Deployment) => sub(`${service}-access-\${AWS::AccountId}-${region}`);
export const exchangeBucket = ({ service, region }: Deployment) => sub(`${service}-rdb-\${AWS::AccountId}-${region}`);
export const bucketArn = ({ service }: Deployment, region: string, suffix = '') =>
  sub(`arn:\${AWS::Partition}:s3:::${service}-vault-\${AWS::AccountId}-${region}${suffix}`);

/** The multi-region key has one id; `VaultKey` is its primary in the recovery region and its replica in the primary. */
export const keyArn = (region: string) =>
  sub(`arn:\${AWS::Partition}:kms:${region}:\${AWS::AccountId}:key/\${VaultKey}`);
/** In the primary region this parameter holds the key's ARN in the recovery region; README says how it gets there. */
export const keyParameter = ({ platform, stage }: Deployment): string =>
  `/lifeboat/${platform.platform}/${stage}/vault-key-arn`;

/** `rdsOnEvent` → `RdsOnEventLambdaFunction`, as the framework names the function's resource. */
export const functionLogicalId = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}LambdaFunction`;
export const roleLogicalId = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}Role`;
export const machineLogicalId = (key: string): string => `${key.charAt(0).toUpperCase()}${key.slice(1)}Machine`;

/** The one replication rule of the vault; alarms name it. */
export const REPLICATION_RULE = 'everything-to-the-recovery-region';
