// The plan through its handler. Permissions are decided by the local region's engine over the roles as they are deployed.
import { BatchGetProjectsCommand, CodeBuildClient } from '@aws-sdk/client-codebuild';
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import {
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  type ReplicationGroup,
  ReplicationGroupNotFoundFault,
} from '@aws-sdk/client-elasticache';
import { IAMClient, IAMServiceException, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/plan.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/plan.ts';
import platform from '../../../lifeboat.config.ts';
import { simulatePrincipalPolicy } from '../../../local/services/iam/service.ts';
import { type Assessment, assessmentKey } from '../../../shared/recovery/assessment.ts';
import { type Phase, type PhaseRecord, phaseKey } from '../../../shared/recovery/documents.ts';
import { Plan, planKey, runbookKey } from '../../../shared/recovery/plan.ts';
import { type DeployedRoles, deployedRoles } from '../../support/deployed-roles.ts';
import { ACCOUNT, PRIMARY, RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { archivePoint, cachePoint, snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import { type RecoveryRegion, recoveryRegion, TIME } from '../../support/recovery.ts';

const ARCHIVED = new Date('2026-11-20T02:00:00.000Z');
let region: RecoveryRegion;
let roles: DeployedRoles;
let groups: ReplicationGroup[];
let projects: boolean;
let simulating: () => void;
let missingFunction: string | undefined;

const assessed = async (dataLossSeconds: Assessment['dataLossSeconds']): Promise<void> => {
  const at = new Date(Date.parse(TIME) - 60_000);
  const assessment: Assessment = {
    ...{ at: at.toISOString(), verdict: 'healthy', confidence: 1, reasons: [], signals: [], confirmed: false },
    ...{ dataLossSeconds, readiness: [{ step: 'promote the replica of shop-db', ready: true, found: 'it answers' }] },
  };
  await region.vault.place(assessmentKey(at), JSON.stringify(assessment));
};
const took = (failoverId: string, phase: Phase, seconds: number, facts: PhaseRecord['facts'] = {}) =>
  region.vault.place(
    phaseKey(failoverId, phase),
    JSON.stringify({
      ...{ phase, startedAt: TIME, attempts: 1, facts },
      endedAt: new Date(Date.parse(TIME) + seconds * 1000).toISOString(),
    } satisfies PhaseRecord),
  );

beforeEach(async () => {
  region = recoveryRegion();
  stubEnvironment({
    ...{ AWS_REGION: RECOVERY, LIFEBOAT_ROLE: 'recovery', PEER_REGION: PRIMARY, PEER_VAULT_BUCKET: VAULT },
    VAULT_KEY_ARN: `arn:aws:kms:${RECOVERY}:${ACCOUNT}:key/mrk-vault`,
    PEER_VAULT_KEY_ARN: `arn:aws:kms:${PRIMARY}:${ACCOUNT}:key/mrk-vault`,
    TOPIC_ARN_PREFIX: `arn:aws:sns:${RECOVERY}:${ACCOUNT}:lifeboat-shop-test-`,
  });
  roles = deployedRoles(platform);
  groups = [];
  projects = true;
  simulating = () => undefined;
  missingFunction = undefined;
  region.rds.recovery.instances.set('shop-db-replica', {
    ...{ DBInstanceIdentifier: 'shop-db-replica', DBInstanceStatus: 'available' },
    ReadReplicaSourceDBInstanceIdentifier: 'shop-db',
  });
  region.rds.quotas = [
    { AccountQuotaName: 'DBInstances', Used: 40, Max: 40 },
    { AccountQuotaName: 'ManualSnapshots', Used: 12, Max: 100 },
  ];
  mockClient(ElastiCacheClient)
    .on(DescribeReplicationGroupsCommand)
    .callsFake(() => {
      if (groups.length === 0) throw new ReplicationGroupNotFoundFault({ message: 'none', $metadata: {} });
      return { ReplicationGroups: groups };
    });
  mockClient(CodeBuildClient)
    .on(BatchGetProjectsCommand)
    .callsFake(({ names }) => ({ projects: projects ? [{ name: names[0] }] : [] }));
  mockClient(EKSClient)
    .on(DescribeClusterCommand)
    .resolves({ cluster: { status: 'ACTIVE' } });
  mockClient(LambdaClient)
    .on(GetFunctionConfigurationCommand)
    .callsFake(({ FunctionName = '' }) => {
      const key = FunctionName.replace('lifeboat-shop-test-', '');
      if (key === missingFunction) throw new ResourceNotFoundException({ Type: 'User', message: key, $metadata: {} });
      return { Role: roles.arnOf(key) };
    });
  mockClient(IAMClient)
    .on(SimulatePrincipalPolicyCommand)
    .callsFake((input) => {
      simulating();
      return simulatePrincipalPolicy(roles.iam, input);
    });
  await assessed({ 'shop-db': 4, 'shop-cache': 1800 });
  const uri = `s3://${VAULT}/redis-snapshots/a.rdb`;
  const file = await region.vault.place('redis-snapshots/a.rdb', 'REDIS0011');
  const artifact = { uri, versionId: file.versionId, bytes: 9, sha256: 'a'.repeat(64), crc64nvme: file.crc64nvme };
  await region.vault.addPoint(
    archivePoint(cachePoint(ARCHIVED), { artifacts: [{ ...artifact, writer: 'lifeboat' as const }] }),
  );
});
afterEach(() => vi.useRealTimers());

const make = (): Promise<Plan> => invoke(handler, sample, 120_000);
const phaseIn = ({ phases }: Plan, of: Phase) => phases.find(({ phase }) => phase === of);
const verdicts = ({ phases }: Plan): string[] => [
  ...new Set(phases.flatMap(({ calls }) => calls.map(({ permission }) => permission))),
];

describe('a plan', () => {
  it('stands in the vault as it was answered, beside its runbook, and nothing else was changed', async () => {
    const before = region.vault.keys();
    const plan = await make();
    expect(Plan.parse(JSON.parse(region.vault.text(planKey(RECOVERY))))).toEqual(plan);
    expect(region.vault.keys().filter((key) => !before.includes(key))).toEqual([
      planKey(RECOVERY),
      runbookKey(RECOVERY),
    ]);
    expect(region.rds.changes).toEqual([]);
    expect(region.messages).toEqual([]);
  });

  it('goes through the phases in their order, every call allowed where everything is deployed', async () => {
    const plan = await make();
    expect(plan.phases.map(({ phase }) => phase)).toEqual([
      ...['declare', 'approve', 'fence', 'database', 'cache', 'infrastructure', 'workloads', 'dns'],
      ...['health', 'monitoring', 'validate', 'announce'],
    ]);
    expect(verdicts(plan).sort()).toEqual(['allowed', 'not by IAM']);
    expect(phaseIn(plan, 'database')?.calls).toContainEqual({
      ...{ call: 'rds:PromoteReadReplica', on: 'shop-db-replica', region: RECOVERY, bestEffort: false },
      permission: 'allowed',
    });
  });

  it('is replaced by the next one', async () => {
    await make();
    region.setTime('2026-11-20T03:10:00.000Z');
    await make();
    expect(JSON.parse(region.vault.text(planKey(RECOVERY))).at).toBe('2026-11-20T03:10:00.000Z');
    expect(region.vault.versions(planKey(RECOVERY))).toHaveLength(2);
  });
});

describe('the permission of a call', () => {
  const without = (functionKey: string, action: string): void => {
    const statements = roles.statementsOf(functionKey).flatMap((statement) => {
      const Action = [statement.Action ?? []].flat().filter((each) => each !== action);
      return Action.length > 0 ? [{ ...statement, Action }] : [];
    });
    roles.iam.putRole({ arn: roles.arnOf(functionKey), trust: [], statements });
  };
  const promotion = (plan: Plan) =>
    phaseIn(plan, 'database')?.calls.find(({ call }) => call === 'rds:PromoteReadReplica');

  it('is denied where the role lacks it, and the headline says which', async () => {
    without('recoveryPromoteDatabase', 'rds:PromoteReadReplica');
    const plan = await make();
    const found = `rds:PromoteReadReplica on arn:aws:rds:${RECOVERY}:${ACCOUNT}:db:shop-db-replica: allowed by no policy`;
    expect(promotion(plan)).toMatchObject({ permission: 'denied', found });
    expect(plan.headline).toContain(`NOT ALLOWED: ${found}.`);
  });

  it('is denied by an explicit deny, and unclear where a policy asks for what only the call has', async () => {
    const arn = roles.arnOf('recoveryPromoteDatabase');
    const statements = roles.statementsOf('recoveryPromoteDatabase');
    const deny = { Effect: 'Deny' as const, Action: 'rds:PromoteReadReplica', Resource: '*' };
    roles.iam.putRole({ arn, trust: [], statements: [...statements, deny] });
    expect(promotion(await make())).toMatchObject({ permission: 'denied', found: expect.stringMatching(/: denied$/) });
    const only = {
      ...{ Effect: 'Allow' as const, Action: 'rds:PromoteReadReplica', Resource: '*' },
      Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } },
    };
    without('recoveryPromoteDatabase', 'rds:PromoteReadReplica');
    roles.iam.putRole({
      ...{ arn, trust: [] },
      statements: [...statements.filter(({ Action }) => ![Action].flat().includes('rds:PromoteReadReplica')), only],
    });
    expect(promotion(await make())).toMatchObject({
      permission: 'unclear',
      found: expect.stringContaining('depends on aws:sourceaccount'),
    });
  });

  it('is not checked where IAM does not answer, is asked once then, and lowers nothing else', async () => {
    let asked = 0;
    simulating = () => {
      asked += 1;
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    const plan = await make();
    expect(asked).toBe(1);
    expect(verdicts(plan).sort()).toEqual(['not by IAM', 'not checked']);
    expect(plan.headline.join(' ')).toMatch(/Permissions of \d+ calls not checked: IAM: no answer/);
    expect(plan.readiness.every(({ ready }) => ready)).toBe(true);
  });

  it('is not checked where this function may not ask, or the other is not deployed', async () => {
    simulating = () => {
      throw new IAMServiceException({ name: 'AccessDenied', message: 'no', $fault: 'client', $metadata: {} });
    };
    expect(promotion(await make())).toMatchObject({ permission: 'not checked', found: 'IAM: AccessDenied' });
    simulating = () => undefined;
    missingFunction = 'recoveryPromoteDatabase';
    const plan = await make();
    expect(promotion(plan)?.found).toContain('the role of lifeboat-shop-test-recoveryPromoteDatabase is not known');
    expect(phaseIn(plan, 'fence')?.calls.every(({ permission }) => permission !== 'not checked')).toBe(true);
  });

  it('fails the plan where the fault is our own', async () => {
    simulating = () => {
      throw new TypeError('ours');
    };
    await expect(make()).rejects.toThrow('ours');
  });
});

describe('what is expected', () => {
  it('is the target where nothing was measured, and says so', async () => {
    const plan = await make();
    expect(phaseIn(plan, 'fence')).toMatchObject({ expectedSeconds: 120, basis: 'its target; never measured here' });
    // approve 900, fence 120, database 900 beside cache 300 and infrastructure 600, workloads 600, dns 300, health 300
    expect(plan.expected).toEqual({ rtoSeconds: 3120, decidingSeconds: 900, objectiveSeconds: 3600 });
  });

  it('is the median of what earlier failovers took, without what a rehearsal skipped', async () => {
    for (const [id, seconds] of [
      ['first', 30],
      ['second', 10],
      ['third', 20],
      ['fourth', 400],
    ] as const)
      await took(id, 'fence', seconds);
    await took('first', 'database', 60);
    await took('drill-1', 'dns', 1, { rehearsal: true });
    const plan = await make();
    expect(phaseIn(plan, 'fence')).toMatchObject({ expectedSeconds: 25, basis: 'median of 4 measured' });
    expect(phaseIn(plan, 'database')).toMatchObject({ expectedSeconds: 60, basis: 'median of 1 measured' });
    expect(phaseIn(plan, 'dns')?.basis).toBe('its target; never measured here');
    // The infrastructure, at once with the database, takes longer now.
    expect(plan.expected.rtoSeconds).toBe(900 + 25 + 600 + 600 + 300 + 300);
  });
});

describe('the first line', () => {
  it('says what a failover now would lose', async () => {
    expect((await make()).headline[0]).toBe(
      'A failover now would lose 4 s of shop-db and 1800 s of shop-cache (assessed 2026-11-20T02:59:00.000Z).',
    );
  });

  it('says that the replica is behind by more than was promised', async () => {
    await assessed({ 'shop-db': 901, 'shop-cache': 1800 });
    const { headline, dataLoss } = await make();
    expect(headline[0]).toBe('WORSE THAN PROMISED: 901 s of shop-db would be lost, its objective is 900 s.');
    expect(dataLoss).toContainEqual({ source: 'shop-db', seconds: 901, objectiveSeconds: 900, late: true });
  });

  it('says that the loss cannot be told where nothing was assessed lately', async () => {
    region.setTime('2026-11-20T06:00:00.000Z');
    const { headline, assessedAt, notChecked } = await make();
    expect(headline[0]).toMatch(/^WORSE THAN PROMISED: what would be lost of shop-db cannot be told/);
    expect(assessedAt).toBeNull();
    expect(notChecked[0]).toContain('nothing was assessed');
  });

  it('says that the platform lives here already', async () => {
    await region.declared({ status: 'done' });
    expect((await make()).headline[0]).toContain(`shop lives in ${RECOVERY} already`);
  });
});

describe('what is there', () => {
  const notReady = ({ readiness }: Plan) => readiness.filter(({ ready }) => !ready).map(({ found }) => found);

  it('is all that is needed on a good day', async () => {
    const plan = await make();
    expect(notReady(plan)).toEqual([]);
    expect(plan.readiness.map(({ found }) => found)).toEqual([
      'it answers',
      'shop-db-replica, available, a replica of shop-db',
      expect.stringContaining('shop-cache-20261120t020000z-scheduled-export'),
      'shop-cache is free',
      'a project of CodeBuild',
      'ACTIVE',
    ]);
  });

  it('is told of a replica that is none any more, a name that is taken, and a project and a cluster that are not there', async () => {
    region.rds.recovery.instances.set('shop-db-replica', { DBInstanceStatus: 'available' });
    groups = [{ ReplicationGroupId: 'shop-cache', Status: 'available' }];
    projects = false;
    mockClient(EKSClient)
      .on(DescribeClusterCommand)
      .resolves({ cluster: { status: 'FAILED' } });
    expect(notReady(await make())).toEqual([
      'shop-db-replica, available, no replica',
      'shop-cache is there already, available',
      `CodeBuild has no project of this name in ${RECOVERY}`,
      'FAILED',
    ]);
  });

  it('without a replica is the newest copy of a snapshot, which needs room for an instance', async () => {
    region.rds.recovery.instances.clear();
    const point = await region.vault.addPoint(snapshotPoint(ARCHIVED));
    const plan = await make();
    const restore = phaseIn(plan, 'database')?.calls.find(({ call }) => call.includes('RestoreDBInstance'));
    expect(restore).toMatchObject({ on: `shop-db-replica from lifeboat-${point.id}`, permission: 'allowed' });
    expect(plan.quotas[0]).toEqual({ name: 'RDS DBInstances', used: 40, max: 40, needed: 1, enough: false });
    expect(plan.headline).toContain('NO ROOM: RDS DBInstances: 40 of 40 used, 1 needed.');
  });

  it('is nothing without replica and snapshot, or without an archive that was read whole', async () => {
    region.rds.recovery.instances.clear();
    for (const key of region.vault.keys('catalog/')) region.vault.remove(key);
    expect(notReady(await make())).toEqual([
      'no shop-db-replica, and no snapshot to restore',
      'none that was read whole',
    ]);
  });

  it('is not known where RDS refuses: both ways are planned, and the plan says why', async () => {
    region.rds.before = (operation) => {
      if (operation.startsWith('Describe')) throw refusal('ThrottlingException');
    };
    const plan = await make();
    const calls = phaseIn(plan, 'database')?.calls.map(({ call }) => call);
    expect(calls).toEqual(expect.arrayContaining(['rds:PromoteReadReplica', 'rds:RestoreDBInstanceFromDBSnapshot']));
    expect(plan.notChecked.slice(0, 2)).toEqual([
      'the database of shop-db: ThrottlingException',
      'the quotas of RDS: ThrottlingException',
    ]);
    expect(plan.quotas).toEqual([]);
  });
});

describe('what would not be recovered', () => {
  it('are the sources no phase is for, and the parts that are not configured', async () => {
    const {
      cache: _,
      workloads: __,
      dns: ___,
      infrastructure: ____,
      ...rest
    } = platform.recovery ?? expect.unreachable('no recovery');
    vi.spyOn(platform, 'recovery', 'get').mockReturnValue(rest);
    const plan = await make();
    expect(plan.notRecovered.map(({ what }) => what)).toEqual([
      'shop-cache',
      'infrastructure',
      'workloads',
      "customers' names",
      'protection against the loss of the second region',
    ]);
    expect(phaseIn(plan, 'infrastructure')).toBeUndefined();
    vi.restoreAllMocks();
  });
});

describe('the runbook', () => {
  it('says first what the headline says, how to start, every call with its permission, and what is not known', async () => {
    const plan = await make();
    const text = region.vault.text(runbookKey(RECOVERY));
    expect(text.indexOf(plan.headline[0] as string)).toBeLessThan(text.indexOf('## Start it'));
    for (const part of [
      `aws stepfunctions start-execution --region ${RECOVERY}`,
      '### 4. database: makes the database here the one that takes writes',
      `| \`rds:PromoteReadReplica\` | shop-db-replica | ${RECOVERY} | allowed |`,
      '| `SQL ALTER ROLE shop_app NOLOGIN` | shop-db | us-east-1 | decided by the database, for the login in shop/database |',
      `| RDS DBInstances | 40 | 40 | 0 | enough |`,
      'the quota of ElastiCache nodes: 3 are needed',
    ])
      expect(text).toContain(part);
    expect(text).not.toMatch(/undefined|\[object/);
  });
});
