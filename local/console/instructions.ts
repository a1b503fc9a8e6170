// How to use what was started: settings and commands to copy.
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { LocalPlatform } from '../platform.ts';
import { HELP } from './commands.ts';

export const instructions = (started: LocalPlatform): string => {
  const { primary, recovery, service, source, stacks, world } = started;
  const { accessKeyId, secretAccessKey } = world.iam.operatorCredentials;
  const arn = (name: string) => `arn:aws:states:${primary.name}:${primary.account}:stateMachine:${service}-${name}`;
  const input = JSON.stringify({
    source,
    scheduledAt: `${world.clock.now().toISOString().slice(0, 19)}Z`,
    purpose: 'on-demand',
  });
  const { instance, database, secret } = rdsSourceNamed(source);
  const { host, port } = primary.rds.server(instance);
  return `
Two regions are up: ${primary.name} at ${primary.endpoint}, ${recovery.name} at ${recovery.endpoint}.
In another shell, as the operator of account ${primary.account} (each endpoint passes calls for the other region on):

  export AWS_ACCESS_KEY_ID=${accessKeyId} AWS_SECRET_ACCESS_KEY=${secretAccessKey}
  export AWS_REGION=${primary.name} AWS_DEFAULT_REGION=${primary.name} AWS_ENDPOINT_URL=${primary.endpoint}
  alias aws='aws --endpoint-url "$AWS_ENDPOINT_URL"'     # AWS CLI 1 heeds the setting, except for RDS in us-east-1

  aws rds describe-db-snapshots
  aws stepfunctions start-execution --state-machine-arn ${arn('backup-database')} \\
    --input '${input}'
  aws stepfunctions list-executions --state-machine-arn ${arn('backup-database')}
  aws s3 ls --recursive s3://${stacks.primary.outputs.VaultBucketName}
  aws lambda invoke --function-name ${service}-rdsMeasure --payload '{}' /dev/stdout
  aws --region ${recovery.name} rds describe-db-instances
  psql -h ${host} -p ${port} -U shop ${database}     # password: aws secretsmanager get-secret-value --secret-id ${secret}

Here:

${HELP}
`;
};
