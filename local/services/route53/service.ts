// The control plane of Route 53, offered in every region and carried out in us-east-1.
import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-route-53';
import { ConnectionCut } from '../../faults.ts';
import { defineService, type Operations } from '../../service.ts';
import type { Check, Region, Service } from '../../types.ts';
import { afterBatch } from './batches.ts';
import type { WorldDns } from './dns.ts';
import { invalidInput } from './errors.ts';
import type { HealthCheck } from './health-checks.ts';
import { normalName, plainId } from './names.ts';
import { pageOf } from './pages.ts';
import { describeRecordSet } from './record-sets.ts';
import type { RecordChange, Zone } from './zones.ts';

const CONTROL_PLANE = 'us-east-1';

export const createRoute53 = (region: Region): Service => {
  const { zones, checks } = region.world.dns as WorldDns;

  const operations: Operations<typeof sdk> = {
    GetHostedZone: async ({ Id }: sdk.GetHostedZoneRequest) => {
      const zone = zones.find(Id);
      return { HostedZone: describeZone(zone), DelegationSet: { NameServers: zone.nameServers } };
    },
    ListHostedZones: async ({ Marker, MaxItems }: sdk.ListHostedZonesRequest) => {
      const { page, next } = pageOf(zones.all(), ({ id }) => id, Marker, MaxItems);
      return {
        ...{ HostedZones: page.map(describeZone), Marker, MaxItems: MaxItems ?? 100 },
        ...{ IsTruncated: next !== undefined, NextMarker: next?.id },
      };
    },
    ChangeResourceRecordSets: async ({ HostedZoneId, ChangeBatch }: sdk.ChangeResourceRecordSetsRequest) => {
      const zone = zones.find(HostedZoneId);
      const after = afterBatch(zone.name, zone.records, ChangeBatch?.Changes ?? []);
      for (const { healthCheckId } of after.values()) if (healthCheckId) checks.find(healthCheckId);
      return { ChangeInfo: describeChange(zones.publish(zone, after, ChangeBatch?.Comment)) };
    },
    GetChange: async ({ Id }: sdk.GetChangeRequest) => ({ ChangeInfo: describeChange(zones.change(Id)) }),
    ListResourceRecordSets: async (input: sdk.ListResourceRecordSetsRequest) => {
      const { HostedZoneId, StartRecordName = '', StartRecordType = '', StartRecordIdentifier = '', MaxItems } = input;
      const order = ({ name, type, setIdentifier = '' }: { name: string; type: string; setIdentifier?: string }) =>
        [name.split('.').reverse().join('.'), type, setIdentifier].join('\0');
      const sorted = [...zones.find(HostedZoneId).records.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
      const start = { name: normalName(StartRecordName), type: StartRecordType, setIdentifier: StartRecordIdentifier };
      const from = StartRecordName ? sorted.filter((set) => order(set) >= order(start)) : sorted;
      const { page, next } = pageOf(from, order, undefined, MaxItems, 300);
      return {
        ...{
          ResourceRecordSets: page.map(describeRecordSet),
          MaxItems: MaxItems ?? 300,
          IsTruncated: next !== undefined,
        },
        ...(next && {
          NextRecordName: `${next.name}.`,
          NextRecordType: next.type as sdk.RRType,
          ...(next.setIdentifier && { NextRecordIdentifier: next.setIdentifier }),
        }),
      };
    },
    CreateHealthCheck: async ({ CallerReference = '', HealthCheckConfig }: sdk.CreateHealthCheckRequest) => {
      if (!HealthCheckConfig) throw invalidInput('HealthCheckConfig is required.');
      const check = checks.create(randomUUID(), CallerReference, HealthCheckConfig);
      const Location = `https://route53.amazonaws.com/2013-04-01/healthcheck/${check.id}`;
      return { HealthCheck: describeCheck(check), Location };
    },
    GetHealthCheck: async ({ HealthCheckId }: sdk.GetHealthCheckRequest) => ({
      HealthCheck: describeCheck(checks.find(HealthCheckId)),
    }),
    ListHealthChecks: async ({ Marker, MaxItems }: sdk.ListHealthChecksRequest) => {
      const { page, next } = pageOf(checks.all(), ({ id }) => id, Marker, MaxItems);
      return {
        ...{ HealthChecks: page.map(describeCheck), Marker, MaxItems: MaxItems ?? 100 },
        ...{ IsTruncated: next !== undefined, NextMarker: next?.id },
      };
    },
    DeleteHealthCheck: async ({ HealthCheckId }: sdk.DeleteHealthCheckRequest) => {
      const users = zones
        .all()
        .filter(({ records }) => records.values().some((set) => set.healthCheckId === HealthCheckId));
      if (users.length > 0) {
        const message = `The health check is used by records of ${users.map(({ name }) => name).join(', ')}.`;
        throw new sdk.HealthCheckInUse({ message, $metadata: {} });
      }
      checks.remove(HealthCheckId);
      return {};
    },
    GetHealthCheckStatus: async ({ HealthCheckId }: sdk.GetHealthCheckStatusRequest) => {
      const { id, watch } = checks.find(HealthCheckId);
      const Status = `${checks.isHealthy(id) ? 'Success' : 'Failure'}: the alarm's data says ${watch.state()}`;
      return { HealthCheckObservations: [{ StatusReport: { Status, CheckedTime: region.clock.now() } }] };
    },
  };

  const atControlPlane = Object.entries(operations).map(([name, run]) => [
    name,
    async (...call: never[]): Promise<unknown> => {
      if (region.world.regions.get(CONTROL_PLANE)?.alive === false)
        throw new ConnectionCut(`The control plane of Route 53 in ${CONTROL_PLANE} does not answer.`);
      return (run as (...call: never[]) => Promise<unknown>)(...call);
    },
  ]);
  return { ...defineService(sdk, Object.fromEntries(atControlPlane) as Operations<typeof sdk>), authorize };
};

const describeZone = ({ id, name, records }: Zone): sdk.HostedZone => ({
  Id: `/hostedzone/${id}`,
  Name: `${name}.`,
  CallerReference: id,
  Config: { PrivateZone: false },
  ResourceRecordSetCount: records.size,
});

const describeChange = ({ id, status, submittedAt, comment }: RecordChange): sdk.ChangeInfo => ({
  ...{ Id: `/change/${id}`, Status: status, SubmittedAt: submittedAt },
  ...(comment && { Comment: comment }),
});

const describeCheck = ({ id, callerReference, config, watch }: HealthCheck): sdk.HealthCheck => ({
  ...{ Id: id, CallerReference: callerReference, HealthCheckVersion: 1, HealthCheckConfig: config },
  CloudWatchAlarmConfiguration: watch.configuration,
});

/** Resources and condition keys of the service authorization reference, 2026-11. Names are compared in lower case, without the last dot. */
const authorize = (operation: string, input: unknown): Check[] => {
  const { Id, HostedZoneId, HealthCheckId, ChangeBatch } = input as {
    Id?: string;
    HostedZoneId?: string;
    HealthCheckId?: string;
    ChangeBatch?: sdk.ChangeBatch;
  };
  const action = `route53:${operation}`;
  const arn = (kind: string, id: string | undefined): string => `arn:aws:route53:::${kind}/${plainId(id)}`;
  if (operation === 'GetChange') return [{ action, resource: arn('change', Id) }];
  if (HealthCheckId) return [{ action, resource: arn('healthcheck', HealthCheckId) }];
  const zone = HostedZoneId ?? Id;
  if (!zone) return [{ action, resource: '*' }];
  const sets = ChangeBatch?.Changes?.map(({ ResourceRecordSet }) => ResourceRecordSet) ?? [];
  const context = {
    'route53:ChangeResourceRecordSetsNormalizedRecordNames': sets.map((set) => normalName(set?.Name ?? '')),
    'route53:ChangeResourceRecordSetsRecordTypes': sets.map((set) => set?.Type ?? ''),
    'route53:ChangeResourceRecordSetsActions': ChangeBatch?.Changes?.map(({ Action }) => Action ?? '') ?? [],
  };
  return [{ action, resource: arn('hostedzone', zone), ...(sets.length > 0 && { context }) }];
};
