// STS: who somebody is, and sessions of roles.
import * as sdk from '@aws-sdk/client-sts';
import { ApiError, defineService } from '../../service.ts';
import type { Caller, Region, Service } from '../../types.ts';

const HOUR_SECONDS = 3600;

export const createSts = (region: Region): Service => ({
  ...defineService(sdk, {
    GetCallerIdentity: async (_, { caller }) => ({
      Account: caller.account,
      Arn: caller.arn,
      UserId: caller.arn.split(/[:/]/).at(-1),
    }),

    async AssumeRole({ RoleArn = '', RoleSessionName = '', DurationSeconds = HOUR_SECONDS }, { caller }) {
      const { iam, clock } = region.world;
      if (!/^[\w+=,.@-]{2,64}$/.test(RoleSessionName))
        throw new ApiError(
          'ValidationError',
          400,
          `A RoleSessionName has 2 to 64 of A-Z a-z 0-9 +=,.@-_, found '${RoleSessionName}'.`,
        );
      const actor = RoleSessionName;
      // The operator is an administrator; everybody else has to be named by the role's trust policy.
      if (caller.roleArn) iam.assume(RoleArn, caller.roleArn, { actor });
      const { accessKeyId, secretAccessKey } = issueTo(caller, () => iam.issue(RoleArn, { actor }), RoleArn);
      return {
        Credentials: {
          AccessKeyId: accessKeyId,
          SecretAccessKey: secretAccessKey,
          SessionToken: 'local',
          Expiration: new Date(clock.now().getTime() + DurationSeconds * 1000),
        },
        AssumedRoleUser: { Arn: iam.callerOf(accessKeyId)?.arn, AssumedRoleId: `${accessKeyId}:${RoleSessionName}` },
      };
    },
  }),
  // Everybody may ask who they are; AssumeRole is decided by the trust policy above.
  authorize: () => [],
});

/** A role that does not exist is refused like one that does not trust the caller. */
const issueTo = <T>(caller: Caller, issue: () => T, roleArn: string): T => {
  try {
    return issue();
  } catch (cause) {
    const message = `User: ${caller.arn} is not authorized to perform: sts:AssumeRole on resource: ${roleArn}`;
    throw new ApiError('AccessDenied', 403, `${message} (${(cause as Error).message})`, { cause });
  }
};
