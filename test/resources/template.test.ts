import { spawnSync } from 'node:child_process';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { Cron } from 'croner';
import { describe, expect, it } from 'vitest';
import { METRICS, NAMESPACE } from '../../shared/telemetry/metrics.ts';
import { ofType, type Resource, ROLES, resourcesOf, templateFile } from '../support/templates.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Principal?: { Service?: string };
  Condition?: Record<string, unknown>;
}

const statementsOf = ({ Properties }: Resource): Statement[] =>
  (Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );

const hasCfnLint = spawnSync('cfn-lint', ['--version']).status === 0;

describe.each(ROLES)('the packaged template of the %s region', (role) => {
  it('passes CloudFormation validation without error or warning', () => {
    const engine = new RegoEngine();
    try {
      const { diagnostics } = engine.validateStandard(new TemplateFile(templateFile(role)));
      expect(diagnostics.filter(({ severity }) => severity !== 'INFO')).toEqual([]);
    } finally {
      engine.free();
    }
  });

  it.runIf(hasCfnLint)(
    'passes cfn-lint where it is installed',
    () => {
      const { status, stdout } = spawnSync('cfn-lint', [templateFile(role)], { encoding: 'utf8' });
      expect(stdout).toBe('');
      expect(status).toBe(0);
    },
    240_000,
  );

  it('gives every function and machine a role of its own, which only its service may take on', () => {
    const owners = [...ofType(role, 'AWS::Lambda::Function'), ...ofType(role, 'AWS::StepFunctions::StateMachine')];
    const roles = new Map(ofType(role, 'AWS::IAM::Role'));
    const taken = owners.map(([, { Properties }]) => (Properties.Role ?? Properties.RoleArn)['Fn::GetAtt'][0]);
    expect(new Set(taken).size).toBe(owners.length);
    for (const [index, [, { Type }]] of owners.entries()) {
      const trust = roles.get(taken[index])?.Properties.AssumeRolePolicyDocument.Statement as Statement[];
      expect(trust).toHaveLength(1);
      expect(trust[0]?.Principal?.Service).toBe(
        Type === 'AWS::Lambda::Function' ? 'lambda.amazonaws.com' : 'states.amazonaws.com',
      );
    }
  });

  it('trusts AWS services only on behalf of this account', () => {
    for (const [name, { Properties }] of ofType(role, 'AWS::IAM::Role')) {
      for (const { Principal, Condition } of Properties.AssumeRolePolicyDocument.Statement as Statement[]) {
        if (Principal?.Service === 'lambda.amazonaws.com') continue;
        expect(Condition, name).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
      }
    }
  });

  it('allows no action by wildcard, and every resource only where AWS knows no narrower one', () => {
    const anyResource = new Set([
      ...['rds:DescribeExportTasks', 'rds:StartExportTask', 'rds:DescribeAccountAttributes', 'health:DescribeEvents'],
      ...['cloudwatch:GetMetricStatistics', 'cloudwatch:PutMetricData'],
      // Lists: what is in them is not known before.
      ...['cloudwatch:DescribeAlarms', 'scheduler:ListSchedules'],
      // Demanded by ElastiCache of whoever has it export; S3 knows it for all buckets only.
      's3:ListAllMyBuckets',
    ]);
    for (const [name, resource] of ofType(role, 'AWS::IAM::Role')) {
      for (const { Action, Resource: on } of statementsOf(resource)) {
        for (const action of [Action].flat()) {
          expect(action, name).not.toMatch(/\*/);
          if ([on].flat().includes('*')) expect(anyResource, `${name} ${action}`).toContain(action);
        }
      }
    }
  });

  it('lets no function delete object versions or weaken the vault', () => {
    const forbidden = /^s3:(Delete|Put(Bucket|ObjectRetention|ObjectLegalHold)|Bypass)/;
    for (const [name, resource] of ofType(role, 'AWS::IAM::Role')) {
      if (name === 'ExportRole') continue; // RDS demands s3:DeleteObject for exports; the vault is versioned and locked
      for (const { Action, Resource: on } of statementsOf(resource)) {
        // What lies in the exchange bucket is on its way from or to ElastiCache, and removed after it.
        const passing = [on].flat().every((each) => /:s3:::[^:]*-rdb-/.test(JSON.stringify(each)));
        for (const action of [Action].flat())
          if (!(passing && action === 's3:DeleteObject')) expect(action, name).not.toMatch(forbidden);
      }
    }
  });

  it('versions and locks the vault, encrypts it, and keeps the public out', () => {
    const [, vault] = resourcesOf(role).find(([name]) => name === 'Vault') as [string, Resource];
    expect(vault.Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(vault.Properties.ObjectLockConfiguration.Rule.DefaultRetention).toEqual({ Mode: 'GOVERNANCE', Days: 30 });
    expect(
      vault.Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.SSEAlgorithm,
    ).toBe('aws:kms');
    expect(Object.values(vault.Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    const classes = JSON.stringify(vault.Properties.LifecycleConfiguration);
    expect(classes).toContain('"GLACIER"');
    expect(classes).not.toContain('GLACIER_FLEXIBLE_RETRIEVAL');
  });

  it('refuses plain transport, plain objects, customer keys and deletion without MFA', () => {
    const [, policy] = resourcesOf(role).find(([name]) => name === 'VaultPolicy') as [string, Resource];
    const denied = (policy.Properties.PolicyDocument.Statement as (Statement & { Sid: string })[]).filter(
      ({ Effect }) => Effect === 'Deny',
    );
    expect(denied.map(({ Sid }) => Sid)).toEqual([
      'TlsOnly',
      'NoUnencryptedPut',
      'NoForeignKey',
      'NoCustomerKeys',
      'PeopleDeleteOnlyWithMfa',
    ]);
  });

  it('has schedules with valid times, switched on only where the platform lives', () => {
    const schedules = ofType(role, 'AWS::Scheduler::Schedule');
    expect(schedules.length).toBeGreaterThan(8);
    for (const [name, { Properties }] of schedules) {
      // The platform is watched from the other region; everything else runs where it lives.
      const both = [
        'HoldDnsSchedule',
        'FollowUpSchedule',
        'UpdatesSchedule',
        'GuardSchedule',
        'DrillsSchedule',
      ].includes(name);
      const awake = both ? ROLES : [['AssessSchedule', 'PlanSchedule'].includes(name) ? 'recovery' : 'primary'];
      expect(Properties.State, name).toBe(awake.includes(role) ? 'ENABLED' : 'DISABLED');
      const cron = /^cron\((\S+ \S+ \S+ \S+ \S+) (\S+)\)$/.exec(Properties.ScheduleExpression);
      if (cron) expect(new Cron((cron[1] as string).replaceAll('?', '*')).nextRun(), name).not.toBeNull();
      else expect(Properties.ScheduleExpression, name).toMatch(/^rate\(\d+ \w+\)$/);
    }
  });

  it('lets one check of the vault run at a time: two would do the same work twice', () => {
    const [, check] = resourcesOf(role).find(([name]) => name === 'IntegrityCheckArtifactsLambdaFunction') ?? [];
    expect(check?.Properties.ReservedConcurrentExecutions).toBe(1);
    const [, start] = resourcesOf(role).find(([name]) => name === 'CheckIntegrityMachine') ?? [];
    expect(JSON.stringify(start?.Properties)).toContain('IntegrityCheckArtifactsLambdaFunction');
  });

  it('lets the scheduler invoke and start what it is to, and nothing else', () => {
    const [, scheduler] = resourcesOf(role).find(([name]) => name === 'SchedulerRole') as [string, Resource];
    const allowed = new Set(
      statementsOf(scheduler)
        .flatMap(({ Resource: on }) => on as unknown[])
        .map((on) => JSON.stringify(on)),
    );
    const targets = new Set(
      ofType(role, 'AWS::Scheduler::Schedule').map(([, { Properties }]) => JSON.stringify(Properties.Target.Arn)),
    );
    expect(allowed).toEqual(targets);
  });

  it('has alarms only on metrics that somebody writes', () => {
    for (const [name, { Properties }] of ofType(role, 'AWS::CloudWatch::Alarm')) {
      if (Properties.Namespace === NAMESPACE) expect(Object.keys(METRICS), name).toContain(Properties.MetricName);
      else expect(['AWS/S3', 'AWS/Lambda'], name).toContain(Properties.Namespace);
    }
  });

  it('tells people how a machine ended, and lets rules invoke what they target', () => {
    const rules = ofType(role, 'AWS::Events::Rule');
    const ended = rules.find(([name]) => name === 'MachineEndedRule')?.[1];
    expect(ended?.Properties.EventPattern.detail.status).toEqual(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']);
    const permitted = ofType(role, 'AWS::Lambda::Permission').map(([, { Properties }]) => [
      Properties.FunctionName,
      Properties.SourceArn,
    ]);
    for (const [name, { Properties }] of rules) {
      for (const { Arn, RoleArn } of Properties.Targets as {
        Arn: { 'Fn::GetAtt'?: string[]; Ref?: string };
        RoleArn?: unknown;
      }[]) {
        if (Arn['Fn::GetAtt']) expect(permitted).toContainEqual([Arn, { 'Fn::GetAtt': [name, 'Arn'] }]);
        else expect(RoleArn ?? Arn.Ref, name).toBeDefined();
      }
    }
  });
});

it('replicates the whole vault to the recovery region within fifteen minutes, without its deletions', () => {
  const [, vault] = resourcesOf('primary').find(([name]) => name === 'Vault') as [string, Resource];
  const [rule] = vault.Properties.ReplicationConfiguration.Rules;
  expect(rule).toMatchObject({
    Status: 'Enabled',
    Filter: { Prefix: '' },
    DeleteMarkerReplication: { Status: 'Disabled' },
    SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
    Destination: { ReplicationTime: { Status: 'Enabled', Time: { Minutes: 15 } } },
  });
});
