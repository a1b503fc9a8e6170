// The calls a plan names against the roles of the functions that make them: what is planned is allowed, and what is allowed is
// planned. What the functions really call is held against the same roles by the local region.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import shop from '../../../examples/shop.config.ts';
import { CALLERS, callsOf, type Situation } from '../../../functions/recovery/planned-calls.ts';
import { matchesPattern } from '../../../local/iam/pattern.ts';
import type { Recovery } from '../../../shared/config/recovery.ts';
import { PHASES, type Phase } from '../../../shared/recovery/documents.ts';
import { deployedRoles } from '../../support/deployed-roles.ts';
import { ACCOUNT, PRIMARY, RECOVERY, stubEnvironment, VAULT } from '../../support/environment.ts';
import streams from '../../support/streams.config.ts';

vi.mock('#platform', () => import('../../support/streams.config.ts'));

/** The shop with everything that can move. */
const recovery: Recovery = { ...(shop.recovery as Recovery), streams: { source: 'shop-events', by: 'archive' } };
const platform = { ...streams, recovery };
/** The other way: left for a mirror. */
const mirrored = (plan: Recovery): Recovery => ({ ...plan, streams: { source: 'shop-events', by: 'mirror' } });
/** Ways to sign in to brokers: each needs other permissions. */
const LOGINS = [{ mode: 'iam' }, { mode: 'scram', secret: 'shop/events' }, { mode: 'none' }] as const;
const byRecords = { ...recovery, dns: { ...(recovery.dns as NonNullable<Recovery['dns']>), mode: 'records' as const } };

/** Granted on everything that a request names; needed on what it makes. */
const TAGGING = ['rds:AddTagsToResource', 'elasticache:AddTagsToResource'];

/** Of drills, which a plan of a failover does not make. */
const OF_DRILLS = ['rds:CreateDBSnapshot', 'rds:DescribeDBSnapshots', 'codebuild:BatchGetProjects'];

const situation = (plan: Recovery, direction: 'primary' | 'recovery'): Situation => ({
  plan,
  from: direction === 'recovery' ? PRIMARY : RECOVERY,
  to: direction === 'recovery' ? RECOVERY : PRIMARY,
  database: { instance: 'shop-db-replica', way: 'unknown' },
  cache: { group: 'shop-cache' },
});
const needsOf = (phase: Phase, plan: Recovery, direction: 'primary' | 'recovery') =>
  LOGINS.flatMap((login) => {
    vi.spyOn(streams.sources['shop-events'], 'auth', 'get').mockReturnValue(login);
    return callsOf(phase, situation(plan, direction)).flatMap(({ needs }) => needs);
  });
afterEach(() => void vi.restoreAllMocks());

const enter = (role: 'primary' | 'recovery'): void => {
  const [here, there] = role === 'recovery' ? [RECOVERY, PRIMARY] : [PRIMARY, RECOVERY];
  stubEnvironment({
    AWS_REGION: here,
    LIFEBOAT_ROLE: role,
    PEER_REGION: there,
    PEER_VAULT_BUCKET: VAULT,
    VAULT_KEY_ARN: `arn:aws:kms:${here}:${ACCOUNT}:key/mrk-vault`,
    PEER_VAULT_KEY_ARN: `arn:aws:kms:${there}:${ACCOUNT}:key/mrk-vault`,
    TOPIC_ARN_PREFIX: `arn:aws:sns:${here}:${ACCOUNT}:lifeboat-shop-test-`,
  });
};

describe.each(['recovery', 'primary'] as const)('the calls of a move into the %s region', (role) => {
  beforeEach(() => enter(role));

  it.each([
    ['health check', recovery],
    ['records', byRecords],
    ['health check, streams by a mirror', mirrored(recovery)],
  ])('are all allowed to the functions that make them, with DNS by %s', (_, plan) => {
    const { iam, arnOf } = deployedRoles({ ...platform, recovery: plan }, role);
    for (const phase of PHASES)
      for (const need of needsOf(phase, plan, role))
        expect(iam.simulate(arnOf(CALLERS[phase]), need), `${phase} ${need.action} ${need.resource}`).toEqual({
          effect: 'allowed',
          missing: [],
        });
  });

  it('are all that the functions may do, but for their logs and for tags', () => {
    const { statementsOf } = deployedRoles({ ...platform, recovery: byRecords }, role);
    const unplanned = PHASES.flatMap((phase) => {
      const plans = [byRecords, recovery, mirrored(recovery)];
      const needs = plans.flatMap((plan) => needsOf(phase, plan, role));
      const pairs = statementsOf(CALLERS[phase]).flatMap(({ Action = [], Resource = [] }) =>
        [Action].flat().flatMap((action) => [Resource].flat().map((on) => ({ action, on }))),
      );
      return pairs
        .filter(({ action }) => !action.startsWith('logs:') && ![...TAGGING, ...OF_DRILLS].includes(action))
        .filter(({ action, on }) => !needs.some((need) => need.action === action && matchesPattern(on, need.resource)))
        .map(({ action, on }) => `${phase}: ${action} on ${on}`);
    });
    expect(unplanned).toEqual([]);
  });
});

describe('the calls of a phase', () => {
  beforeEach(() => enter('recovery'));
  const calls = (phase: Phase, change: Partial<Situation> = {}): string[] =>
    callsOf(phase, { ...situation(recovery, 'recovery'), ...change }).map(({ call, on }) => `${call} ${on}`);

  it('name what they are made on', () => {
    expect(calls('fence')).toEqual(
      expect.arrayContaining(['rds:DescribeDBInstances shop-db', 'SQL ALTER ROLE shop_app NOLOGIN shop-db']),
    );
    expect(calls('dns')).toContain('cloudwatch:PutMetricData Lifeboat PrimaryWithdrawn = 1');
    expect(calls('workloads')).toContain('Kubernetes PATCH deployments/order, 2 replicas or more shop/shop');
    expect(calls('health')).toContain('HTTP GET http://orders.shop.example:8080/health');
    expect(calls('cache')).toContain('elasticache:CreateReplicationGroup shop-cache: 3 nodes cache.r7g.large');
  });

  it('of the database are those of the way it would go: a replica is promoted, a snapshot restored', () => {
    const database = { instance: 'shop-db-replica' };
    const promote = 'rds:PromoteReadReplica shop-db-replica';
    const restore = 'rds:RestoreDBInstanceFromDBSnapshot shop-db-replica from copy-1';
    const byReplica = calls('database', { database: { ...database, way: 'replica', snapshot: 'copy-1' } });
    expect(byReplica).toContain(promote);
    expect(byReplica).not.toContain(restore);
    const bySnapshot = calls('database', { database: { ...database, way: 'snapshot', snapshot: 'copy-1' } });
    expect(bySnapshot).toContain(restore);
    expect(bySnapshot).not.toContain(promote);
  });

  it('tell nobody where everything was authorised beforehand', () => {
    const plan = { ...recovery, approval: { ...recovery.approval, mode: 'pre-authorised' as const } };
    expect(calls('approve', { plan }).filter((call) => call.startsWith('sns'))).toEqual([]);
    expect(calls('approve').filter((call) => call.startsWith('sns'))).toHaveLength(1);
  });
});
