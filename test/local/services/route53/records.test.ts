import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, type ShopZone, shopZone, upsert, ZONE } from './shop-zone.ts';

let shop: ShopZone;
beforeEach(async () => {
  shop = await shopZone();
});
afterEach(() => shop.close());

const names = async (): Promise<(string | undefined)[]> => {
  const { ResourceRecordSets } = await shop.call<{ ResourceRecordSets: { Name: string; Type: string }[] }>(
    'ListResourceRecordSets',
    { HostedZoneId: ZONE },
  );
  return ResourceRecordSets.map(({ Name, Type }) => `${Name} ${Type}`);
};
const status = async (Id: string): Promise<string> =>
  (await shop.call<{ ChangeInfo: { Status: string } }>('GetChange', { Id })).ChangeInfo.Status;

describe('a change of records', () => {
  it('reaches the name servers after a while, and says when it has', async () => {
    const { ChangeInfo } = await shop.change(upsert('www.shop.example', 'A', '192.0.2.1'));
    expect(ChangeInfo.Status).toBe('PENDING');
    await expect(shop.resolver.resolve4('www.shop.example')).rejects.toMatchObject({ code: 'ENOTFOUND' });

    await shop.world.advance(MINUTE);
    expect(await status(ChangeInfo.Id)).toBe('INSYNC');
    expect(await shop.resolver.resolve4('www.shop.example', { ttl: true })).toEqual([
      { address: '192.0.2.1', ttl: 60 },
    ]);
  });

  it('takes effect as a whole or not at all, and tells everything that is wrong', async () => {
    await shop.change(upsert('www.shop.example', 'A', '192.0.2.1'));
    const before = await names();
    const create = { ...upsert('new.shop.example', 'A', '192.0.2.3'), Action: 'CREATE' };
    const again = { ...upsert('www.shop.example', 'A', '192.0.2.3'), Action: 'CREATE' };
    const elsewhere = upsert('www.other.example', 'A', '192.0.2.3');
    await expect(shop.change(create, again, elsewhere)).rejects.toThrow(
      "[Tried to create resource record set [name='www.shop.example.', type='A'] but it already exists, RRSet with DNS name www.other.example. is not permitted in zone shop.example.]",
    );
    expect(await names()).toEqual(before);
  });

  it.each([
    ['an alias at the top of a zone', [upsert('shop.example', 'CNAME', 'lb.example')], 'not permitted at apex'],
    [
      'an alias beside other records',
      [upsert('a.shop.example', 'A', '192.0.2.1'), upsert('a.shop.example', 'CNAME', 'lb.example')],
      'conflicts with other records',
    ],
    [
      'a simple record beside a failover record',
      [
        upsert('a.shop.example', 'A', '192.0.2.1'),
        upsert('a.shop.example', 'A', '192.0.2.2', { SetIdentifier: 's', Failover: 'SECONDARY' }),
      ],
      'other RRSets exist with the same name and type',
    ],
    [
      'two primaries',
      ['p', 'q'].map((SetIdentifier) =>
        upsert('a.shop.example', 'A', '192.0.2.1', { SetIdentifier, Failover: 'PRIMARY' }),
      ),
      'a failover record of that kind exists already',
    ],
    [
      'a failover record without an identifier',
      [upsert('a.shop.example', 'A', '192.0.2.1', { Failover: 'PRIMARY' })],
      'together',
    ],
    ['what is no address', [upsert('a.shop.example', 'A', 'lb.example')], 'ARRDATAIllegalIPv4Address'],
    ['the same value twice', [upsert('a.shop.example', 'A', ['192.0.2.1', '192.0.2.1'])], 'Duplicate Resource Record'],
    ['no values', [upsert('a.shop.example', 'A', [])], "Missing field 'TTL' or 'ResourceRecords'"],
    ['no change at all', [], 'at least one change'],
    [
      'weights',
      [upsert('a.shop.example', 'A', '192.0.2.1', { Weight: 1, SetIdentifier: 'x' })],
      'Weight is not offered',
    ],
    [
      'the deletion of what is not there',
      [{ ...upsert('a.shop.example', 'A', '192.0.2.1'), Action: 'DELETE' }],
      'was not found',
    ],
  ])('with %s is refused', async (_, changes, message) => {
    await expect(shop.change(...changes)).rejects.toMatchObject({
      name: 'InvalidChangeBatch',
      message: expect.stringContaining(message),
    });
  });

  it('deletes only what is named with its values', async () => {
    await shop.change(upsert('www.shop.example', 'A', '192.0.2.1'));
    const remove = (value: string) => ({ ...upsert('www.shop.example.', 'A', value), Action: 'DELETE' });
    await expect(shop.change(remove('192.0.2.9'))).rejects.toThrow('do not match the current values');
    await shop.change(remove('192.0.2.1'));
    expect(await names()).toEqual(['shop.example. NS', 'shop.example. SOA']);
  });

  it('needs a health check that exists', async () => {
    const HealthCheckId = '11111111-2222-3333-4444-555555555555';
    const set = upsert('a.shop.example', 'A', '192.0.2.1', { SetIdentifier: 'p', Failover: 'PRIMARY', HealthCheckId });
    await expect(shop.change(set)).rejects.toMatchObject({ name: 'NoSuchHealthCheck' });
  });

  it('is allowed to a role by zone, name and action', async () => {
    const role = shop.world.role('dns', 'lambda.amazonaws.com', [
      {
        Effect: 'Allow',
        Action: 'route53:ChangeResourceRecordSets',
        Resource: `arn:aws:route53:::hostedzone/${ZONE}`,
        Condition: {
          'ForAllValues:StringEquals': {
            'route53:ChangeResourceRecordSetsNormalizedRecordNames': ['www.shop.example'],
            'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
          },
        },
      },
    ]);
    const { iam } = shop.world;
    const caller = iam.assume(role, 'lambda.amazonaws.com', { actor: 'test' });
    const change = (...Changes: object[]) =>
      shop.world
        .region('us-west-2')
        .call('route53', 'ChangeResourceRecordSets', { HostedZoneId: ZONE, ChangeBatch: { Changes } }, caller);
    await expect(change(upsert('WWW.shop.example.', 'A', '192.0.2.1'))).resolves.toBeDefined();
    await expect(change(upsert('mail.shop.example', 'A', '192.0.2.1'))).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(change({ ...upsert('www.shop.example', 'A', '192.0.2.1'), Action: 'DELETE' })).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });
});

describe('a hosted zone', () => {
  it('is found by its id, and listed', async () => {
    const { HostedZones } = await shop.call<{ HostedZones: object[] }>('ListHostedZones', {});
    expect(HostedZones).toMatchObject([
      { Id: `/hostedzone/${ZONE}`, Name: 'shop.example.', ResourceRecordSetCount: 2 },
    ]);
    const { DelegationSet } = await shop.call<{ DelegationSet: { NameServers: string[] } }>('GetHostedZone', {
      Id: ZONE,
    });
    expect(DelegationSet.NameServers).toHaveLength(4);
    await expect(shop.call('GetHostedZone', { Id: 'Z0OTHER' })).rejects.toMatchObject({ name: 'NoSuchHostedZone' });
    expect(await shop.resolver.resolveSoa('shop.example')).toMatchObject({ serial: 1, minttl: 86_400 });
  });

  it('lists its records in pages that go on where they stopped', async () => {
    await shop.change(...['a', 'b', 'c'].map((label) => upsert(`${label}.shop.example`, 'A', '192.0.2.1')));
    const seen: string[] = [];
    let from: object = {};
    for (let page = 0; page < 5; page += 1) {
      const answer = await shop.call<{
        ResourceRecordSets: { Name: string; Type: string }[];
        IsTruncated: boolean;
        NextRecordName?: string;
        NextRecordType?: string;
      }>('ListResourceRecordSets', { HostedZoneId: ZONE, MaxItems: 2, ...from });
      seen.push(...answer.ResourceRecordSets.map(({ Name, Type }) => `${Name} ${Type}`));
      if (!answer.IsTruncated) break;
      from = { StartRecordName: answer.NextRecordName, StartRecordType: answer.NextRecordType };
    }
    expect(seen).toEqual(await names());
    expect(seen).toHaveLength(5);
  });
});
