import {
  ChangeResourceRecordSetsCommand,
  InvalidChangeBatch,
  ListHostedZonesCommand,
  ListResourceRecordSetsCommand,
  NoSuchHostedZone,
  Route53Client,
  waitUntilResourceRecordSetsChanged,
} from '@aws-sdk/client-route-53';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { as, createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
  test.world.dns.host({ id: 'Z0SHOP', name: 'shop.example' });
});
afterAll(() => test[Symbol.asyncDispose]());

const client = (region = test.west) => new Route53Client(as(region));

describe('an SDK client of any region', () => {
  it('changes a zone, waits for the change, and reads it back', async () => {
    const route53 = client();
    const HostedZoneId = '/hostedzone/Z0SHOP';
    const set = { Name: 'www.shop.example', Type: 'A' as const, TTL: 60, ResourceRecords: [{ Value: '192.0.2.1' }] };
    const change = (Action: 'CREATE' | 'DELETE') =>
      new ChangeResourceRecordSetsCommand({
        HostedZoneId,
        ChangeBatch: { Changes: [{ Action, ResourceRecordSet: set }] },
      });
    const { ChangeInfo } = await route53.send(change('CREATE'));
    await test.world.clock.advanceTo(new Date(test.world.clock.now().getTime() + 60_000));
    await waitUntilResourceRecordSetsChanged({ client: route53, maxWaitTime: 60 }, { Id: ChangeInfo?.Id });

    const { ResourceRecordSets } = await client(test.east).send(new ListResourceRecordSetsCommand({ HostedZoneId }));
    expect(ResourceRecordSets).toContainEqual({ ...set, Name: 'www.shop.example.' });
    const { HostedZones } = await route53.send(new ListHostedZonesCommand());
    expect(HostedZones).toMatchObject([{ Name: 'shop.example.', ResourceRecordSetCount: 3 }]);
    await expect(route53.send(change('CREATE'))).rejects.toBeInstanceOf(InvalidChangeBatch);
    expect(test.world.dns.resolve('www.shop.example')).toEqual(['192.0.2.1']);
  });

  it('is told of a zone that is not there', async () => {
    const ask = client().send(new ListResourceRecordSetsCommand({ HostedZoneId: 'Z0NOWHERE' }));
    await expect(ask).rejects.toBeInstanceOf(NoSuchHostedZone);
  });

  it('finds nobody once us-east-1 is gone, while names go on being answered', async () => {
    await test.world.killRegion('us-east-1');
    const ask = client().send(new ListHostedZonesCommand());
    await expect(ask).rejects.not.toHaveProperty('$metadata.httpStatusCode');
    expect(test.world.dns.resolve('www.shop.example')).toEqual(['192.0.2.1']);
  });
});
