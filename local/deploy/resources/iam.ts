// Roles are the world's, not one region's: their names are taken once for all regions, as in an account.
import { z } from 'zod';
import type { PolicyStatement, World } from '../../types.ts';
import { policyDocument, statementsOf, text, texts } from './properties.ts';
import { type Creation, resourceType } from './resource-type.ts';

interface Role {
  arn: string;
  trust: PolicyStatement[];
  statements: PolicyStatement[];
}

const roles = new WeakMap<World, Map<string, Role>>();
const rolesOf = ({ region }: Creation): Map<string, Role> => {
  const known = roles.get(region.world) ?? new Map<string, Role>();
  roles.set(region.world, known);
  return known;
};

/** From the AWS managed policy reference, 2026-11. */
const MANAGED: Record<string, string[]> = {
  'service-role/AWSLambdaVPCAccessExecutionRole': [
    'logs:CreateLogGroup',
    'logs:CreateLogStream',
    'logs:PutLogEvents',
    'ec2:CreateNetworkInterface',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'ec2:DeleteNetworkInterface',
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
  ],
};

const managedStatement = (arn: string): PolicyStatement => {
  const actions = MANAGED[arn.replace(/^arn:aws:iam::aws:policy\//, '')];
  if (actions) return { Effect: 'Allow', Action: actions, Resource: '*' };
  throw new Error(`the managed policy ${arn} is not modelled. Known: ${Object.keys(MANAGED).join(', ')}`);
};

export const role = resourceType(
  z.strictObject({
    RoleName: text.max(64).optional(),
    AssumeRolePolicyDocument: policyDocument,
    Policies: z.array(z.strictObject({ PolicyName: text, PolicyDocument: policyDocument })).default([]),
    ManagedPolicyArns: texts.default([]),
  }),
  async (properties, creation) => {
    const name = properties.RoleName ?? creation.madeUpName();
    const known = rolesOf(creation);
    if (known.has(name)) throw new Error(`the role ${name} exists already; role names are shared by all regions`);
    const created: Role = {
      arn: `arn:aws:iam::${creation.region.account}:role/${name}`,
      trust: statementsOf(properties.AssumeRolePolicyDocument),
      statements: [
        ...properties.Policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
        ...properties.ManagedPolicyArns.map(managedStatement),
      ],
    };
    creation.region.world.iam.putRole(created);
    known.set(name, created);
    const undo = async () => {
      known.delete(name);
      creation.region.world.iam.removeRole(created.arn);
    };
    return { ref: name, arn: created.arn, attributes: { RoleId: `AROA${name}` }, undo };
  },
);
