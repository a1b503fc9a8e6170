import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  InvalidChangeBatch,
  ListHostedZonesByNameCommand,
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
});
afterAll(() => test[Symbol.asyncDispose]());

const client = (region = test.west) => new Route53Client(as(region));

describe('an SDK client of any region', () => {
  it('makes a zone, changes it, waits for the change, and reads it back', async () => {
    const route53 = client();
    const { HostedZone } = await route53.send(
      new CreateHostedZoneCommand({ Name: 'shop.example', CallerReference: '1' }),
    );
    const HostedZoneId = HostedZone?.Id ?? '';
    expect(HostedZoneId).toMatch(/^\/hostedzone\/Z[A-Z0-9]{20}$/);
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
    const { HostedZones } = await route53.send(new ListHostedZonesByNameCommand({ DNSName: 'shop.example' }));
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
    const ask = client().send(new ListHostedZonesByNameCommand({}));
    await expect(ask).rejects.not.toHaveProperty('$metadata.httpStatusCode');
    expect(test.world.dns.resolve('www.shop.example')).toEqual(['192.0.2.1']);
  });
});
