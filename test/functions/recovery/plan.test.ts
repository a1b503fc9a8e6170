import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient, ResourceNotFoundException } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import sample from '../../../events/samples/recovery/plan.json' with { type: 'json' };
import { handler } from '../../../functions/recovery/plan.ts';
import { Assessment, assessmentKey } from '../../../shared/recovery/assessment.ts';
import { Plan, type PlannedPhase, planKey, runbookKey } from '../../../shared/recovery/plan.ts';
import { RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { snapshotPoint } from '../../support/points.ts';
import { refusal } from '../../support/rds-api.ts';
import { type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.mock('#platform', () => import('../../support/recovery.config.ts'));

const NOW = '2026-11-20T03:00:00.000Z';
let region: RecoveryRegion;
/** What IAM says of an action. */
let decide: (action: string) => string;

beforeEach(async () => {
  region = recoveryRegion();
  decide = () => 'allowed';
  mockClient(LambdaClient)
    .on(GetFunctionConfigurationCommand)
    .callsFake(({ FunctionName }) => ({ Role: `arn:aws:iam::111122223333:role/${FunctionName}` }));
  mockClient(IAMClient)
    .on(SimulatePrincipalPolicyCommand)
    .callsFake(
      ({ ActionNames, ResourceArns: [EvalResourceName] }: { ActionNames: string[]; ResourceArns: string[] }) => ({
        EvaluationResults: ActionNames.map((EvalActionName) => ({
          EvalActionName,
          EvalResourceName,
          EvalDecision: decide(EvalActionName),
        })),
        IsTruncated: false,
      }),
    );
  region.rds.recovery.instances.set('shop-db-replica', {
    DBInstanceIdentifier: 'shop-db-replica',
    DBInstanceStatus: 'available',
    ReadReplicaSourceDBInstanceIdentifier: 'arn:aws:rds:us-east-1:111122223333:db:shop-db',
  });
  await assessed({ 'shop-db': 12 });
});
afterEach(() => {
  vi.useRealTimers();
});

const assessed = async (dataLossSeconds: Assessment['dataLossSeconds'], at = '2026-11-20T02:59:00.000Z') => {
  const assessment = {
    ...{ at, verdict: 'healthy', confidence: 1, reasons: [], signals: [], confirmed: false, dataLossSeconds },
    readiness: [{ step: 'promote the replica of shop-db', ready: true, found: 'a standby that answers' }],
  };
  await region.vault.place(assessmentKey(new Date(at)), JSON.stringify(Assessment.parse(assessment)));
};
const plan = () => invoke(handler, sample) as Promise<Plan>;
const phaseOf = ({ phases }: Plan, name: string): PlannedPhase => {
  const found = phases.find(({ phase }) => phase === name);
  if (!found) throw new Error(`The plan has no phase ${name}.`);
  return found;
};
const runbook = (): string => region.vault.text(runbookKey(RECOVERY));

describe('the plan of a failover', () => {
  it('names every call of every phase in the path, allowed, and touches nothing but its two documents', async () => {
    const made = await plan();
    expect(made.phases.map(({ phase }) => phase)).toEqual([
      ...['declare', 'approve', 'fence', 'database', 'health', 'monitoring', 'validate', 'announce'],
    ]);
    expect(phaseOf(made, 'database').calls).toContainEqual({
      ...{ call: 'rds:PromoteReadReplica', on: 'shop-db-replica', region: RECOVERY, bestEffort: false },
      permission: 'allowed',
    });
    const decided = made.phases.flatMap(({ calls }) => calls).map(({ permission }) => permission);
    expect(new Set(decided)).toEqual(new Set(['allowed', 'not by IAM']));
    expect(region.rds.changes).toEqual([]);
    expect(region.messages).toEqual([]);
    expect(Plan.parse(JSON.parse(region.vault.text(planKey(RECOVERY))))).toEqual(made);
  });

  it('is a runbook, too: how to start it, what it does, what is lost, what is left', async () => {
    await plan();
    expect(runbook()).toContain('# Moving shop from us-east-1 to us-west-2');
    expect(runbook()).toContain('aws stepfunctions start-execution --region us-west-2');
    expect(runbook()).toMatch(/\| `rds:PromoteReadReplica` \| shop-db-replica \| us-west-2 \| allowed \|/);
    expect(runbook()).toMatch(/\| shop-db \| 12 s \| 900 s \| as promised \|/);
    expect(runbook()).toContain('shop-cache: no phase recovers it');
    expect(runbook()).not.toMatch(/undefined|NaN|\[object/);
  });

  it('says in its first line where more would be lost than promised', async () => {
    await assessed({ 'shop-db': 4000 }, '2026-11-20T02:59:30.000Z');
    const { headline, dataLoss } = await plan();
    expect(headline[0]).toBe('WORSE THAN PROMISED: 4000 s of shop-db would be lost, its objective is 900 s.');
    expect(dataLoss).toMatchObject([{ source: 'shop-db', late: true }]);
  });

  it('does not know what would be lost where nobody looked lately', async () => {
    region.setTime('2026-11-20T09:00:00Z');
    const { headline, notChecked } = await plan();
    expect(headline[0]).toContain('what would be lost of shop-db cannot be told');
    expect(notChecked[0]).toContain('nothing was assessed');
  });

  it('expects what earlier failovers took, the one in the middle, and says how many', async () => {
    const took = async (id: string, seconds: number): Promise<void> => {
      const record = { phase: 'database', startedAt: NOW, attempts: 1, facts: {} };
      const endedAt = new Date(Date.parse(NOW) + seconds * 1000).toISOString();
      await region.vault.place(`recovery/${id}/phases/database.json`, JSON.stringify({ ...record, endedAt }));
    };
    for (const [id, seconds] of [
      ['one', 100],
      ['two', 300],
      ['three', 140],
    ] as const)
      await took(id, seconds);
    const made = await plan();
    expect(phaseOf(made, 'database')).toMatchObject({ expectedSeconds: 140, basis: 'median of 3 measured' });
    expect(phaseOf(made, 'health').basis).toBe('its target; never measured here');
    expect(made.expected.decidingSeconds).toBe(900);
  });

  it('names what a role may not do', async () => {
    decide = (action) => (action === 'rds:PromoteReadReplica' ? 'implicitDeny' : 'allowed');
    const made = await plan();
    expect(made.headline.join('\n')).toMatch(/NOT ALLOWED: rds:PromoteReadReplica on .*: allowed by no policy/);
    expect(phaseOf(made, 'database').calls).toContainEqual(
      expect.objectContaining({ call: 'rds:PromoteReadReplica', permission: 'denied' }),
    );
  });

  it('is made without IAM, and says that permissions were not checked', async () => {
    let asked = 0;
    mockClient(IAMClient)
      .on(SimulatePrincipalPolicyCommand)
      .callsFake(() => {
        asked += 1;
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      });
    const made = await plan();
    expect(asked).toBe(1);
    expect(made.headline.join('\n')).toMatch(/Permissions of \d+ calls not checked: IAM: /);
    expect(phaseOf(made, 'database').calls).toContainEqual(
      expect.objectContaining({ call: 'rds:PromoteReadReplica', permission: 'not checked' }),
    );
  });

  it('says which function is not there', async () => {
    mockClient(LambdaClient)
      .on(GetFunctionConfigurationCommand)
      .rejects(new ResourceNotFoundException({ message: 'Function not found', $metadata: {} }));
    expect((await plan()).headline.join('\n')).toMatch(/not checked: the role of \S+ is not known/);
  });

  it('restores a snapshot where there is no replica, and says so', async () => {
    region.rds.recovery.instances.clear();
    const point = snapshotPoint(new Date('2026-11-20T02:00:00Z'));
    await region.vault.place(`catalog/shop-db/2026/11/20/${point.id}.json`, JSON.stringify(point));
    const made = await plan();
    expect(phaseOf(made, 'database').calls.map(({ call }) => call)).toContain('rds:RestoreDBInstanceFromDBSnapshot');
    expect(made.readiness).toContainEqual(
      expect.objectContaining({ ready: true, found: expect.stringContaining('would be restored') }),
    );
  });

  it('is not ready where there is neither replica nor snapshot', async () => {
    region.rds.recovery.instances.clear();
    expect((await plan()).headline.join('\n')).toContain(
      'NOT READY: the database of shop-db: no shop-db-replica, and no snapshot to restore',
    );
  });

  it('says what RDS did not answer', async () => {
    region.rds.before = (operation) => {
      if (operation === 'DescribeAccountAttributes') throw refusal('Throttling');
    };
    const { notChecked, quotas } = await plan();
    expect(quotas).toEqual([]);
    expect(notChecked.join('\n')).toContain('the quotas of RDS: ');
  });
});
