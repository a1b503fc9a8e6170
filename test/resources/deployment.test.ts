import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import sample from '../../events/samples/rds/on-event.json' with { type: 'json' };
import shop from '../../examples/shop.config.ts';
import { describeDeployment } from '../../resources/deployment.ts';
import { functionsInvoked, machineEntries } from '../../resources/machines.ts';
import { functionLogicalId, machineLogicalId, roleLogicalId } from '../../resources/names.ts';
import { GRANTS, Permission } from '../../resources/permissions.ts';
import { readYaml } from '../../resources/yaml.ts';
import { settings } from '../../shared/config/settings.ts';
import { subscribersByTopic } from '../../shared/notify/routes.ts';
import { TOPICS } from '../../shared/notify/topics.ts';
import { stubEnvironment } from '../support/environment.ts';
import { ofType, type Resource, ROLES, resourcesOf } from '../support/templates.ts';

const resource = (role: (typeof ROLES)[number], name: string): Resource =>
  new Map(resourcesOf(role)).get(name) ?? expect.unreachable(`no resource ${name}`);

/** As CloudFormation would fill it in, for account 111122223333. */
const filled = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const { 'Fn::Sub': text, 'Fn::GetAtt': attribute, Ref: name } = value as Record<string, string & string[]>;
  if (attribute) return `arn:aws:iam::111122223333:role/${attribute[0]}`;
  return (text ?? `\${${name}}`).replaceAll('${AWS::Partition}', 'aws').replaceAll('${AWS::AccountId}', '111122223333');
};

describe.each(ROLES)('the deployment of the %s region', (role) => {
  it('gives every function the environment that its settings demand, and no more than it reads', () => {
    for (const [name, { Properties }] of ofType(role, 'AWS::Lambda::Function')) {
      const variables = Object.entries(Properties.Environment.Variables as Record<string, unknown>);
      stubEnvironment(Object.fromEntries(variables.map(([key, value]) => [key, filled(value)])));
      expect(() => settings(), name).not.toThrow();
      expect(settings().role, name).toBe(role);
      expect(settings().peer.region, name).not.toBe(role === 'primary' ? 'us-east-1' : 'us-west-2');
    }
  });

  it('has the topic of every severity, under the prefix that functions publish to', () => {
    const { TOPIC_ARN_PREFIX: prefix } = describeDeployment(shop, role, 'dev').environment;
    const names = ofType(role, 'AWS::SNS::Topic').map(([, { Properties }]) => Properties.TopicName as string);
    const topics = [...subscribersByTopic(shop.notifications).keys()];
    expect(names.sort()).toEqual(topics.map((topic) => `${filled(prefix).split(':').at(-1)}${topic}`).sort());
    expect(topics).toEqual(expect.arrayContaining([...TOPICS, 'escalation-1', 'audience-customers']));
  });

  it('encrypts topics, and lets alarms and rules of this account publish to them', () => {
    for (const [name, { Properties }] of ofType(role, 'AWS::SNS::Topic'))
      expect(Properties.KmsMasterKeyId, name).toBeDefined();
    const [allowed] = resource(role, 'TopicPolicy').Properties.PolicyDocument.Statement;
    expect(allowed.Principal).toEqual({ Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'] });
    expect(allowed.Condition).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
  });

  it.each(Object.entries(machineEntries()))(
    'lets the machine %s invoke what it invokes, and nothing else',
    (key, { definition }) => {
      const statements = resource(role, roleLogicalId(key)).Properties.Policies[0].PolicyDocument.Statement;
      const invoked = statements.filter(({ Action }: { Action: string[] }) => Action.includes('lambda:InvokeFunction'));
      const expected = [...functionsInvoked(readYaml(`statemachines/${definition}`))].map((name) => ({
        'Fn::GetAtt': [functionLogicalId(name), 'Arn'],
      }));
      expect(expected.length).toBeGreaterThan(0);
      expect(
        invoked
          .flatMap(({ Resource: on }: { Resource: unknown[] }) => on)
          .map((on: unknown) => JSON.stringify(on))
          .sort(),
      ).toEqual(expected.map((on) => JSON.stringify(on)).sort());
      const { Properties } = resource(role, machineLogicalId(key));
      expect(JSON.stringify(Properties)).not.toMatch(/"Fn::GetAtt":\["(rds|verification|integrity|retention)/);
    },
  );

  it('lets no function log anywhere but in its own group', () => {
    for (const [, { Properties }] of ofType(role, 'AWS::Lambda::Function')) {
      const policy = resource(role, Properties.Role['Fn::GetAtt'][0]).Properties.Policies[0].PolicyDocument;
      const logs = policy.Statement.filter(({ Action }: { Action: string[] }) =>
        Action.some((action) => action.startsWith('logs:')),
      );
      expect(logs).toHaveLength(1);
      expect(filled(logs[0].Resource[0])).toMatch(new RegExp(`:log-group:/aws/lambda/${Properties.FunctionName}:\\*$`));
    }
  });

  it('listens to the events that RDS sends about snapshots, by their exact type', () => {
    const { Properties } = resource(role, role === 'primary' ? 'SnapshotRule' : 'ForwardRule');
    expect(Properties.EventPattern.source).toContain(sample.source);
    expect(Properties.EventPattern['detail-type']).toEqual([sample['detail-type']]);
  });

  it('spares what AWS does by itself from the demand for MFA', () => {
    const statements = resource(role, 'VaultPolicy').Properties.PolicyDocument.Statement as {
      Sid: string;
      Condition: object;
      Action: string[];
    }[];
    const mfa = statements.find(({ Sid }) => Sid === 'PeopleDeleteOnlyWithMfa');
    expect(mfa?.Condition).toEqual({
      BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' },
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
    });
    expect(mfa?.Action).not.toContain('s3:DeleteObject');
  });

  it('keeps the key and the buckets when the stack goes', () => {
    for (const name of ['VaultKey', 'Vault', 'AccessLog']) {
      expect(resource(role, name)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });
});

describe('the two deployments', () => {
  it('name each other', () => {
    const [primary, recovery] = ROLES.map((role) => describeDeployment(shop, role, 'dev'));
    expect(primary?.environment.PEER_VAULT_BUCKET).toEqual(recovery?.environment.VAULT_BUCKET);
    expect(recovery?.environment.PEER_VAULT_BUCKET).toEqual(primary?.environment.VAULT_BUCKET);
    expect(primary?.environment.PEER_REGION).toBe(recovery?.region);
    expect(primary?.environment.PEER_VAULT_KEY_ARN).toEqual(recovery?.environment.VAULT_KEY_ARN);
  });

  it('hold the key where the disaster is not: its primary in the recovery region, a replica in the other', () => {
    expect(resource('recovery', 'VaultKey')).toMatchObject({
      Type: 'AWS::KMS::Key',
      Properties: { MultiRegion: true, EnableKeyRotation: true },
    });
    expect(resource('primary', 'VaultKey').Type).toBe('AWS::KMS::ReplicaKey');
  });

  it('have snapshot events of the recovery region forwarded to the primary one', () => {
    const target = resource('recovery', 'ForwardRule').Properties.Targets[0];
    expect(filled(target.Arn)).toBe('arn:aws:events:us-east-1:111122223333:event-bus/default');
    const policy = resource('recovery', 'ForwardRole').Properties.Policies[0].PolicyDocument.Statement;
    expect(policy).toEqual([{ Effect: 'Allow', Action: ['events:PutEvents'], Resource: [target.Arn] }]);
  });

  it('both version their buckets, without which Object Lock and replication are refused', () => {
    for (const role of ROLES) {
      for (const name of ['Vault', 'AccessLog'])
        expect(resource(role, name).Properties.VersioningConfiguration, name).toEqual({ Status: 'Enabled' });
      expect(resource(role, 'Vault').Properties.ObjectLockEnabled).toBe(true);
    }
  });
});

describe('names', () => {
  it.each([
    ['shop', 'dev', true],
    ['a-platform-of-twenty', 'dev', true],
    ['a-platform-of-twenty', 'production', false],
    ['shop', 'Dev', false],
    ['shop', 'feature/x', false],
  ])('of platform %s in stage %s fit what AWS allows: %s', (platform, stage, fits) => {
    const describing = () => describeDeployment({ ...shop, platform }, 'primary', stage);
    if (fits) expect(describing).not.toThrow();
    else
      expect(describing).toThrow(new RegExp(`${platform}.*${stage}.*at most 63 lower case letters.*Choose a shorter`));
  });

  it('of functions, roles and machines fit wherever those of the buckets do', () => {
    const { functions, machines } = describeDeployment({ ...shop, platform: 'a-platform-of-twenty' }, 'primary', 'dev');
    for (const { name } of Object.values(functions)) expect(name.length, name).toBeLessThanOrEqual(64);
    for (const { name } of Object.values(machines)) expect(name.length, name).toBeLessThanOrEqual(80);
  });
});

describe('a permission', () => {
  const valid = { Action: ['rds:DescribeDBInstances'], Resource: ['*'] };

  it.each([
    ['every service', { ...valid, Action: ['*'] }],
    ['every action of a service', { ...valid, Action: ['rds:*'] }],
    ['no resource', { ...valid, Resource: [] }],
    ['a field nobody knows', { ...valid, Resources: ['*'] }],
  ])('for %s is refused when packaging', (_, permission) => {
    expect(Permission.safeParse(valid).success).toBe(true);
    expect(Permission.safeParse(permission).success).toBe(false);
  });

  it('granted to many is one that a single function could be given', () => {
    for (const permissions of Object.values(GRANTS))
      for (const each of permissions) expect(Permission.safeParse(each).success).toBe(true);
  });
});

describe('packaging', () => {
  const compose = createRequire(import.meta.url)('../../resources/compose.cjs') as Record<
    string,
    (context: object) => Promise<unknown>
  >;
  const ask = (role: () => Promise<string>) => compose.region?.({ resolveVariable: role, options: {} });

  it('takes the region from the role', async () => {
    await expect(ask(async () => 'primary')).resolves.toBe('us-east-1');
    await expect(ask(async () => 'recovery')).resolves.toBe('us-west-2');
  });

  it('says what is missing where no role is given', async () => {
    await expect(ask(() => Promise.reject(new Error('nothing found')))).rejects.toThrow(
      /--param role=primary or --param role=recovery/,
    );
  });

  it('refuses a role nobody knows', async () => {
    await expect(ask(async () => 'secondary')).rejects.toThrow(/secondary.*expected primary or recovery/);
  });

  it('leaves it to the framework to come back with a variable it has not resolved yet', async () => {
    const early = Object.assign(new Error('later'), { code: 'MISSING_VARIABLE_DEPENDENCY' });
    await expect(ask(() => Promise.reject(early))).rejects.toBe(early);
  });
});
