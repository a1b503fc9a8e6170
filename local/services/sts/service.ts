import * as sdk from '@aws-sdk/client-sts';
import { defineService } from '../../service.ts';
import type { Region, Service } from '../../types.ts';

const HOUR_MS = 3_600_000;

export const createSts = (region: Region): Service => ({
  ...defineService(sdk, {
    async GetCallerIdentity(_, { caller }) {
      return { Account: caller.account, Arn: caller.arn, UserId: caller.actor ?? 'operator' };
    },
    async AssumeRole({ RoleArn = '', RoleSessionName = 'session' }, { caller }) {
      const { iam } = region.world;
      // The operator is an administrator; everybody else has to be named by the role's trust policy.
      if (caller.roleArn) iam.assume(RoleArn, caller.roleArn, { actor: RoleSessionName });
      const { accessKeyId, secretAccessKey } = iam.issue(RoleArn, { actor: RoleSessionName });
      return {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: 'local',
          Expiration: new Date(region.clock.now().getTime() + HOUR_MS),
        },
        AssumedRoleUser: { Arn: iam.callerOf(accessKeyId)?.arn, AssumedRoleId: `${accessKeyId}:${RoleSessionName}` },
      };
    },
  }),
  // Everybody may ask who they are; AssumeRole is decided by the trust policy above.
  authorize: () => [],
});
