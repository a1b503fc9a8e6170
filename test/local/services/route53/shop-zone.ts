// A hosted zone, an alarm in each region and a pair of failover records, asked the way a client asks: over the wire.
import { Resolver } from 'node:dns/promises';
import { createCloudWatch } from '../../../../local/services/cloudwatch/service.ts';
import type { WorldDns } from '../../../../local/services/route53/dns.ts';
import { createRoute53 } from '../../../../local/services/route53/service.ts';
import { createRegions, type TestWorld } from '../lambda/regions.ts';

export const MINUTE = 60_000;
export const ZONE = 'Z0SHOP';

export interface ShopZone {
  world: TestWorld;
  /** Calls an operation in a region; Route 53 in us-west-2 unless said otherwise. */
  call<T = Record<string, unknown>>(operation: string, input: object, service?: string, region?: string): Promise<T>;
  change(...changes: object[]): Promise<{ ChangeInfo: { Id: string; Status: string } }>;
  /** Makes an alarm on a metric in a region, that a value above 0 sets off. */
  alarm(region: string, name: string, more?: object): Promise<unknown>;
  put(region: string, name: string, value: number): Promise<unknown>;
  /** Makes a health check, and gives its id. */
  check(config: object): Promise<string>;
  resolver: Resolver;
  close(): Promise<void>;
}

export const shopZone = async (): Promise<ShopZone> => {
  const world = createRegions([createCloudWatch, createRoute53], ['us-east-1', 'us-west-2']);
  const dns = world.dns as WorldDns;
  await dns.listen();
  dns.host({ id: ZONE, name: 'shop.example' });
  const call: ShopZone['call'] = (operation, input, service = 'route53', region = 'us-west-2') =>
    world.region(region).call(service, operation, input, world.iam.operator);
  const resolver = new Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([dns.address]);
  return {
    world,
    call,
    resolver,
    change: (...Changes) => call('ChangeResourceRecordSets', { HostedZoneId: ZONE, ChangeBatch: { Changes } }),
    alarm: (region, name, more = {}) =>
      call(
        'PutMetricAlarm',
        {
          ...{ AlarmName: name, Namespace: 'Lifeboat', MetricName: name, Statistic: 'Maximum', Period: 60 },
          ...{ EvaluationPeriods: 1, Threshold: 0, ComparisonOperator: 'GreaterThanThreshold' },
          ...more,
        },
        'monitoring',
        region,
      ),
    put: (region, MetricName, Value) =>
      call('PutMetricData', { Namespace: 'Lifeboat', MetricData: [{ MetricName, Value }] }, 'monitoring', region),
    check: async (config) => {
      const reference = JSON.stringify(config);
      const { HealthCheck } = await call<{ HealthCheck: { Id: string } }>('CreateHealthCheck', {
        CallerReference: reference,
        HealthCheckConfig: config,
      });
      return HealthCheck.Id;
    },
    close: () => world.close(),
  };
};

export const upsert = (Name: string, Type: string, value: string | string[], more: object = {}) => ({
  Action: 'UPSERT',
  ResourceRecordSet: { Name, Type, TTL: 60, ResourceRecords: [value].flat().map((Value) => ({ Value })), ...more },
});

/** The failover pair of a name: primary in one region, secondary in the other. */
export const pair = (Name: string, primaryCheck: string, secondaryCheck?: string) => [
  upsert(Name, 'A', '192.0.2.1', { SetIdentifier: 'p', Failover: 'PRIMARY', HealthCheckId: primaryCheck }),
  upsert(Name, 'A', '192.0.2.2', {
    ...{ SetIdentifier: 's', Failover: 'SECONDARY' },
    ...(secondaryCheck && { HealthCheckId: secondaryCheck }),
  }),
];
