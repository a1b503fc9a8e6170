import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deploy } from '../../../../local/deploy/deploy.ts';
import { createCloudWatch } from '../../../../local/services/cloudwatch/service.ts';
import type { WorldDns } from '../../../../local/services/route53/dns.ts';
import { createRoute53 } from '../../../../local/services/route53/service.ts';
import { packaged } from '../../deploy/fake-region.ts';
import { createRegions, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
beforeEach(() => {
  world = createRegions([createCloudWatch, createRoute53]);
  world.dns.host({ id: 'Z0SHOP', name: 'shop.example' });
});
afterEach(() => world.close());

const alarm = {
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    ...{ AlarmName: 'withdrawn', Namespace: 'Lifeboat', MetricName: 'PrimaryWithdrawn', Statistic: 'Maximum' },
    ...{ Period: 60, EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' },
  },
};
const check = {
  Type: 'AWS::Route53::HealthCheck',
  Properties: {
    HealthCheckConfig: {
      Type: 'CLOUDWATCH_METRIC',
      AlarmIdentifier: { Name: { Ref: 'Alarm' }, Region: 'us-east-1' },
      InsufficientDataHealthStatus: 'LastKnownStatus',
    },
    HealthCheckTags: [{ Key: 'Name', Value: 'primary' }],
  },
};
const record = (SetIdentifier: string, Failover: string, address: string) => ({
  ...{ Name: 'www.shop.example.', Type: 'A', TTL: '60', ResourceRecords: [address], SetIdentifier, Failover },
  HealthCheckId: { Ref: 'Check' },
});
const deployed = async (resources: object) => {
  const packageDirectory = await packaged({ Resources: resources });
  return deploy(world.home, { packageDirectory, stackName: 'shop' });
};
const zone = () => (world.dns as WorldDns).zones.find('Z0SHOP').records;

describe('a stack', () => {
  it('makes a health check on its alarm, and records that depend on it', async () => {
    const stack = await deployed({
      Records: {
        Type: 'AWS::Route53::RecordSetGroup',
        Properties: {
          HostedZoneId: 'Z0SHOP',
          RecordSets: [record('p', 'PRIMARY', '192.0.2.1'), record('s', 'SECONDARY', '192.0.2.2')],
        },
      },
      ...{ Check: check, Alarm: alarm },
    });
    const id = stack.resources.get('Check')?.physicalId ?? '';
    expect(zone().get('www.shop.example|A|p')).toMatchObject({ failover: 'PRIMARY', ttl: 60, healthCheckId: id });
    expect(zone().get('www.shop.example|A|s')).toMatchObject({ failover: 'SECONDARY', values: ['192.0.2.2'] });
    const [made] = (world.dns as WorldDns).checks.all();
    expect(made?.watch?.configuration).toMatchObject({ MetricName: 'PrimaryWithdrawn', Period: 60 });
  });

  it('that fails takes its records and its health check back', async () => {
    const broken = {
      Type: 'AWS::Route53::RecordSetGroup',
      Properties: { HostedZoneId: 'Z0OTHER', RecordSets: [record('p', 'PRIMARY', '192.0.2.1')] },
    };
    await expect(
      deployed({
        ...{ Alarm: alarm, Check: check },
        Records: {
          Type: 'AWS::Route53::RecordSetGroup',
          Properties: { HostedZoneId: 'Z0SHOP', RecordSets: [record('p', 'PRIMARY', '192.0.2.1')] },
        },
        Broken: { ...broken, DependsOn: 'Records' },
      }),
    ).rejects.toThrow('Made before it and removed again: 3. Left in place: nothing.');
    expect(zone().size).toBe(2);
    expect((world.dns as WorldDns).checks.all()).toEqual([]);
  });
});
