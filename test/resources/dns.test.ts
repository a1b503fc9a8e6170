import { describe, expect, it } from 'vitest';
import shop from '../../examples/shop.config.ts';
import { dns } from '../../resources/dns.ts';
import { functionRoles } from '../../resources/functions.ts';
import { deploymentOf } from '../../resources/names.ts';
import { planSchedules } from '../../resources/schedules.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Platform } from '../../shared/config/schema.ts';
import { isAwake } from '../../shared/recovery/schedules.ts';
import { METRICS } from '../../shared/telemetry/metrics.ts';
import type { Resource } from '../support/templates.ts';

const settings = shop.recovery?.dns as NonNullable<Recovery['dns']>;
const withMode = (mode: 'health-check' | 'records' | undefined): Platform => {
  const { dns: _, ...recovery } = shop.recovery as Recovery;
  return { ...shop, recovery: mode ? { ...recovery, dns: { ...settings, mode } } : recovery };
};
const resourcesOf = (role: 'primary' | 'recovery', mode?: 'health-check' | 'records'): [string, Resource][] =>
  Object.entries(dns(deploymentOf(withMode(mode), role, 'dev')) as Record<string, Resource>);
const route53Statements = (mode?: 'health-check' | 'records') => {
  const roles = functionRoles(deploymentOf(withMode(mode), 'recovery', 'dev')) as unknown as Record<string, Resource>;
  const statements = roles.RecoverySwitchDnsRole?.Properties.Policies[0].PolicyDocument.Statement;
  return statements.filter(({ Action }: { Action: string[] }) => Action[0]?.startsWith('route53:'));
};

describe.each([
  { role: 'recovery', other: 'primary', failover: 'PRIMARY', silence: 'LastKnownStatus' },
  { role: 'primary', other: 'recovery', failover: 'SECONDARY', silence: 'Healthy' },
] as const)('the stack of the $role region', ({ role, other, failover, silence }) => {
  it(`has the switch that withdraws the ${other} region, and the records of that region`, () => {
    const resources = resourcesOf(role, 'health-check');
    const byType = Object.fromEntries(resources.map(([id, { Type, Properties }]) => [Type, { id, ...Properties }]));
    const alarm = byType['AWS::CloudWatch::Alarm'];
    const check = byType['AWS::Route53::HealthCheck'];
    expect(Object.keys(METRICS)).toContain(alarm.MetricName);
    expect(alarm.MetricName.toLowerCase()).toBe(`${other}withdrawn`);
    expect(check.HealthCheckConfig).toEqual({
      Type: 'CLOUDWATCH_METRIC',
      AlarmIdentifier: { Name: { Ref: alarm.id }, Region: shop.regions[role] },
      InsufficientDataHealthStatus: silence,
    });
    const { RecordSets, HostedZoneId } = byType['AWS::Route53::RecordSetGroup'];
    expect(HostedZoneId).toBe(settings.zoneId);
    expect(RecordSets).toHaveLength(settings.records.length);
    for (const [at, record] of settings.records.entries())
      expect(RecordSets[at]).toMatchObject({
        ...{ Name: `${record.name}.`, Type: 'CNAME', TTL: '60', ResourceRecords: [record[other]], Failover: failover },
        HealthCheckId: { Ref: check.id },
      });
  });

  it('has nothing of the kind where records are changed, or names are not configured', () => {
    expect(resourcesOf(role, 'records')).toEqual([]);
    expect(resourcesOf(role)).toEqual([]);
  });
});

describe('the function that moves names', () => {
  it('may change the configured records of the zone, and only where that is the way', () => {
    expect(route53Statements('health-check')).toEqual([]);
    expect(route53Statements()).toEqual([]);
    const [change, get] = route53Statements('records');
    expect(change).toMatchObject({
      Action: ['route53:ChangeResourceRecordSets'],
      Resource: [{ 'Fn::Sub': `arn:\${AWS::Partition}:route53:::hostedzone/${settings.zoneId}` }],
      Condition: {
        'ForAllValues:StringEquals': {
          'route53:ChangeResourceRecordSetsNormalizedRecordNames': settings.records.map(({ name }) => name),
          'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
        },
      },
    });
    expect(get).toMatchObject({ Action: ['route53:GetChange'] });
  });

  it('is followed by a hold in both regions, where there is something to hold', () => {
    const hold = (mode?: 'health-check' | 'records') =>
      planSchedules(deploymentOf(withMode(mode), 'primary', 'dev')).find(({ name }) => name === 'hold-dns');
    expect(hold('health-check')).toMatchObject({ target: { function: 'recoveryHoldDns' } });
    expect([true, false].map((lives) => isAwake('hold-dns', lives))).toEqual([true, true]);
    expect(hold('records')).toBeUndefined();
    expect(hold()).toBeUndefined();
  });
});
