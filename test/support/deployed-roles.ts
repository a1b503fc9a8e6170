// The roles of a deployment as CloudFormation would make them, behind the decision engine of the local region.
import { createIam } from '../../local/iam/iam.ts';
import type { Iam, PolicyStatement } from '../../local/types.ts';
import { functionRoles } from '../../resources/functions.ts';
import { deploymentOf, roleLogicalId } from '../../resources/names.ts';
import type { Platform } from '../../shared/config/schema.ts';
import { ACCOUNT } from './environment.ts';

export interface DeployedRoles {
  iam: Iam;
  arnOf(functionKey: string): string;
  statementsOf(functionKey: string): PolicyStatement[];
}

/** Buckets go by the names of `stubEnvironment`. */
const resolve = (text: string): string =>
  text
    .replaceAll('${AWS::Partition}', 'aws')
    .replaceAll('${AWS::AccountId}', ACCOUNT)
    .replaceAll('${AWS::Region}', 'us-west-2')
    .replaceAll('${VaultKey}', 'mrk-vault')
    .replaceAll('${ExportRole.Arn}', `arn:aws:iam::${ACCOUNT}:role/export`)
    .replaceAll(new RegExp(`(-vault|-rdb)-${ACCOUNT}-us-(east-1|west-2)`, 'g'), '$1');

export const deployedRoles = (platform: Platform, role: 'primary' | 'recovery' = 'recovery'): DeployedRoles => {
  const iam = createIam({ account: ACCOUNT });
  const deployment = deploymentOf(platform, role, 'test');
  const arnOf = (key: string): string =>
    `arn:aws:iam::${ACCOUNT}:role/${deployment.service}-${roleLogicalId(key)}-4F2A9C`;
  const statements = new Map<string, PolicyStatement[]>();
  for (const [logicalId, { Properties }] of Object.entries(functionRoles(deployment))) {
    const [policy] = Properties.Policies;
    const written = policy?.PolicyDocument.Statement as {
      Effect: 'Allow';
      Resource: (string | { 'Fn::Sub': string })[];
    }[];
    const resolved = written.map((statement) => ({
      ...statement,
      Resource: statement.Resource.map((on) => resolve(typeof on === 'string' ? on : on['Fn::Sub'])),
    }));
    statements.set(logicalId, resolved);
    const arn = `arn:aws:iam::${ACCOUNT}:role/${deployment.service}-${logicalId}-4F2A9C`;
    iam.putRole({ arn, trust: [], statements: resolved });
  }
  return { iam, arnOf, statementsOf: (key) => statements.get(roleLogicalId(key)) ?? [] };
};
