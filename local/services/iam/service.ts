// IAM's API, of which the local region offers the simulator: what would be decided, asked without doing it. It is offered in
// every region and carried out in us-east-1; decisions themselves (local/iam) need no API.
import * as sdk from '@aws-sdk/client-iam';
import { ConnectionCut } from '../../faults.ts';
import { ApiError, defineService } from '../../service.ts';
import type { Iam, Region, Service } from '../../types.ts';

const CONTROL_PLANE = 'us-east-1';

export const createIamService = (region: Region): Service => ({
  ...defineService(sdk, {
    async SimulatePrincipalPolicy(input: sdk.SimulatePrincipalPolicyRequest) {
      if (region.world.regions.get(CONTROL_PLANE)?.alive === false)
        throw new ConnectionCut(`The control plane of IAM in ${CONTROL_PLANE} does not answer.`);
      return simulatePrincipalPolicy(region.world.iam, input);
    },
  }),
  authorize: (operation, { PolicySourceArn = '*' }: sdk.SimulatePrincipalPolicyRequest) => [
    { action: `iam:${operation}`, resource: PolicySourceArn },
  ],
});

const DECISIONS = { allowed: 'allowed', denied: 'explicitDeny', silent: 'implicitDeny' } as const;

/** What would change the answer and is not simulated here. Left out in silence, the answer would be wrong. */
const UNKNOWN = [
  'PolicyInputList',
  'PermissionsBoundaryPolicyInputList',
  'ResourcePolicy',
  'ResourceOwner',
  'CallerArn',
  'ResourceHandlingOption',
  'MaxItems',
  'Marker',
] as const;

/** Every action on every resource. Where resources are named, missing context is told of each ("EvaluationResult", IAM API reference, 2026-11). */
export const simulatePrincipalPolicy = (iam: Pick<Iam, 'simulate'>, input: sdk.SimulatePrincipalPolicyRequest) => {
  const { PolicySourceArn = '', ActionNames = [], ResourceArns = ['*'], ContextEntries = [] } = input;
  const unknown = UNKNOWN.find((name) => input[name] !== undefined);
  if (unknown) throw new ApiError('InvalidInput', 400, `${unknown} is not simulated here.`);
  const context = Object.fromEntries(
    ContextEntries.map(({ ContextKeyName = '', ContextKeyValues = [] }) => [ContextKeyName, ContextKeyValues]),
  );
  const EvaluationResults = ActionNames.flatMap((action) =>
    ResourceArns.map((resource): sdk.EvaluationResult => {
      const simulated = iam.simulate(PolicySourceArn, { action, resource, context });
      if (!simulated)
        throw new sdk.NoSuchEntityException({ message: `${PolicySourceArn} does not exist.`, $metadata: {} });
      const { missing } = simulated;
      const EvalDecision = DECISIONS[simulated.effect];
      const of = { EvalActionName: action, EvalResourceName: resource, EvalDecision };
      return resource === '*'
        ? { ...of, MissingContextValues: missing }
        : {
            ...of,
            MissingContextValues: [],
            ResourceSpecificResults: [
              { EvalResourceName: resource, EvalResourceDecision: EvalDecision, MissingContextValues: missing },
            ],
          };
    }),
  );
  return { EvaluationResults, IsTruncated: false };
};
