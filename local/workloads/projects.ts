// The CodeBuild project that makes the shop's own infrastructure, as its owners would have set it up.
import { fileURLToPath } from 'node:url';
import { dump } from 'js-yaml';
import type { LocalRegion } from '../world.ts';

const PROGRAM = fileURLToPath(new URL('./infrastructure.ts', import.meta.url));
const ROLE = 'shop-infrastructure';

export const receiptsBucket = ({ account, name }: Pick<LocalRegion, 'account' | 'name'>): string =>
  `shop-receipts-${account}-${name}`;

/** The project and the role it builds under. @param project name of the project */
export const createShopInfrastructure = async (region: LocalRegion, project: string): Promise<void> => {
  const { iam, regions } = region.world;
  const serviceRole = `arn:aws:iam::${region.account}:role/${ROLE}`;
  iam.putRole({
    arn: serviceRole,
    trust: [{ Effect: 'Allow', Principal: { Service: 'codebuild.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    statements: [
      {
        Effect: 'Allow',
        Action: ['s3:ListBucket', 's3:CreateBucket', 's3:GetBucketVersioning', 's3:PutBucketVersioning'],
        // One role for every region, as there is one IAM for all.
        Resource: [...regions.values()].map((each) => `arn:aws:s3:::${receiptsBucket(each)}`),
      },
    ],
  });
  const buildspec = dump({ version: 0.2, phases: { build: { commands: [`node '${PROGRAM}'`] } } });
  await region.call(
    'codebuild',
    'CreateProject',
    {
      name: project,
      description: 'What the shop needs in a region beside its data: it can be run again at any time.',
      source: { type: 'NO_SOURCE', buildspec },
      artifacts: { type: 'NO_ARTIFACTS' },
      environment: {
        type: 'LINUX_CONTAINER',
        image: 'aws/codebuild/amazonlinux-x86_64-standard:5.0',
        computeType: 'BUILD_GENERAL1_SMALL',
      },
      serviceRole,
      timeoutInMinutes: 15,
      concurrentBuildLimit: 1,
    },
    iam.operator,
  );
};
