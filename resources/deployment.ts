import type { Platform } from '../shared/config/schema.ts';
import { alarms } from './alarms.ts';
import { dns } from './dns.ts';
import { exchange } from './exchange.ts';
import { exportRole } from './export-role.ts';
import { functionRoles, functionsOf } from './functions.ts';
import { machineRoles, machinesOf } from './machines.ts';
import { bucketArn, deploymentOf, exchangeBucket, keyArn, type Role, sub, vaultBucket } from './names.ts';
import { rules } from './rules.ts';
import { schedules } from './schedules.ts';
import { topics } from './topics.ts';
import { vault } from './vault.ts';

/** Everything serverless.yml is composed of, for one role of one platform. */
export const describeDeployment = (platform: Platform, role: Role, stage: string) => {
  const deployment = deploymentOf(platform, role, stage);
  const { service, region, peerRegion } = deployment;
  const tags = { 'lifeboat:platform': platform.platform, 'lifeboat:stage': stage, 'lifeboat:role': role };
  return {
    region,
    tags,
    environment: {
      LIFEBOAT_ROLE: role,
      LIFEBOAT_SERVICE: service,
      LIFEBOAT_ACCOUNT: sub('${AWS::AccountId}'),
      VAULT_BUCKET: vaultBucket(deployment, region),
      VAULT_KEY_ARN: keyArn(region),
      PEER_REGION: peerRegion,
      PEER_VAULT_BUCKET: vaultBucket(deployment, peerRegion),
      PEER_VAULT_KEY_ARN: keyArn(peerRegion),
      EXCHANGE_BUCKET: exchangeBucket(deployment),
      TOPIC_ARN_PREFIX: sub(`arn:\${AWS::Partition}:sns:${region}:\${AWS::AccountId}:${service}-`),
      EXPORT_ROLE_ARN: { 'Fn::GetAtt': ['ExportRole', 'Arn'] },
      POWERTOOLS_SERVICE_NAME: service,
      POWERTOOLS_METRICS_NAMESPACE: 'Lifeboat',
      // Lambda's own bundle of certificate authorities holds those of RDS (Lambda developer guide, Node.js 20 and later).
      NODE_EXTRA_CA_CERTS: '/var/runtime/ca-cert.pem',
    },
    functions: functionsOf(deployment),
    machines: machinesOf(deployment),
    resources: {
      ...vault(deployment),
      ...exchange(deployment),
      ...topics(deployment),
      ...exportRole(deployment),
      ...functionRoles(deployment),
      ...machineRoles(deployment),
      ...schedules(deployment),
      ...rules(deployment),
      ...alarms(deployment),
      ...dns(deployment),
    },
    outputs: {
      VaultBucketName: { Value: vaultBucket(deployment, region) },
      VaultKeyArn: { Value: keyArn(region) },
      ExchangeBucketName: { Value: exchangeBucket(deployment) },
      VaultBucketArn: { Value: bucketArn(deployment, region) },
    },
  };
};
