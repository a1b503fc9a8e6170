import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE, pair, type ShopZone, shopZone, upsert } from './shop-zone.ts';

let shop: ShopZone;
beforeEach(async () => {
  shop = await shopZone();
  await shop.alarm('us-west-2', 'withdrawn');
});
afterEach(() => shop.close());

const PRIMARY = ['192.0.2.1'];
const SECONDARY = ['192.0.2.2'];
const following = (more: object = {}, Region = 'us-west-2', Name = 'withdrawn') => ({
  ...{ Type: 'CLOUDWATCH_METRIC', AlarmIdentifier: { Region, Name }, InsufficientDataHealthStatus: 'LastKnownStatus' },
  ...more,
});
const served = async (...changes: object[]): Promise<void> => {
  await shop.change(...changes);
  await shop.world.advance(MINUTE);
};
const answer = () => shop.resolver.resolve4('www.shop.example');
const put = async (value: number, region = 'us-west-2', name = 'withdrawn'): Promise<void> => {
  await shop.put(region, name, value);
  await shop.world.advance(MINUTE);
};
const statusOf = async (HealthCheckId: string): Promise<string> => {
  const { HealthCheckObservations } = await shop.call<{
    HealthCheckObservations: { StatusReport: { Status: string } }[];
  }>('GetHealthCheckStatus', { HealthCheckId });
  return HealthCheckObservations[0]?.StatusReport.Status ?? '';
};

describe('a health check on an alarm', () => {
  it('moves the answers with the data, both ways, and keeps what it last knew', async () => {
    await served(...pair('www.shop.example', await shop.check(following())));
    expect(await answer()).toEqual(PRIMARY);
    await put(1);
    expect(await answer()).toEqual(SECONDARY);
    await shop.world.advance(60 * MINUTE);
    expect(await answer()).toEqual(SECONDARY);
    await put(0);
    expect(await answer()).toEqual(PRIMARY);
  });

  it('is decided in the minute after the data, not before', async () => {
    await served(...pair('www.shop.example', await shop.check(following())));
    await shop.put('us-west-2', 'withdrawn', 1);
    expect(await answer()).toEqual(PRIMARY);
    await shop.world.advance(MINUTE);
    expect(await answer()).toEqual(SECONDARY);
  });

  it('goes on without us-east-1, whose control plane is then gone', async () => {
    const id = await shop.check(following());
    await served(...pair('www.shop.example', id));
    shop.world.region('us-east-1').alive = false;
    await put(1);
    expect(await answer()).toEqual(SECONDARY);
    await put(0);
    expect(await answer()).toEqual(PRIMARY);
    await expect(shop.change(upsert('txt.shop.example', 'A', '192.0.2.9'))).rejects.toMatchObject({
      name: 'ConnectionCut',
    });
    await expect(statusOf(id)).rejects.toThrow('The control plane of Route 53 in us-east-1 does not answer.');
  });

  it('is not moved by setting the state of the alarm', async () => {
    const id = await shop.check(following());
    await put(0);
    const set = { AlarmName: 'withdrawn', StateValue: 'ALARM', StateReason: 'by hand' };
    await shop.call('SetAlarmState', set, 'monitoring');
    expect(await statusOf(id)).toBe("Success: the alarm's data says OK");
  });

  it.each([
    ['LastKnownStatus', 'Failure'],
    ['Healthy', 'Success'],
    ['Unhealthy', 'Failure'],
  ])('without data has the status it is told to have: %s', async (InsufficientDataHealthStatus, status) => {
    const id = await shop.check(following({ InsufficientDataHealthStatus }));
    await put(1);
    expect(await statusOf(id)).toContain('Failure');
    await shop.world.advance(10 * MINUTE);
    expect(await statusOf(id)).toBe(`${status}: the alarm's data says INSUFFICIENT_DATA`);
  });

  it('is healthy while it is new', async () => {
    expect(await statusOf(await shop.check(following()))).toContain('Success');
  });

  it('keeps the settings the alarm had', async () => {
    const id = await shop.check(following());
    await shop.alarm('us-west-2', 'withdrawn', { Threshold: 5 });
    await put(1);
    expect(await statusOf(id)).toContain('Failure');
  });

  it.each([
    ['an alarm that is not there', following({}, 'us-west-2', 'other'), 'The alarm other was not found'],
    ['a region that is not there', following({}, 'eu-west-1'), 'was not found in the region eu-west-1'],
    ['no alarm', { Type: 'CLOUDWATCH_METRIC' }, 'needs an AlarmIdentifier'],
    ['what turns it round', following({ Inverted: true }), 'Inverted is not offered'],
    ['an endpoint', { Type: 'HTTPS', FullyQualifiedDomainName: 'x' }, 'the local region offers CLOUDWATCH_METRIC'],
  ])('of %s is refused', async (_, config, message) => {
    await expect(shop.check(config)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining(message),
    });
  });
});

describe('a pair of failover records', () => {
  it('with checks on both sides answers the primary where both are unhealthy', async () => {
    await shop.alarm('us-east-1', 'other');
    const secondary = await shop.check(following({ InsufficientDataHealthStatus: 'Healthy' }, 'us-east-1', 'other'));
    await served(...pair('www.shop.example', await shop.check(following()), secondary));
    await put(1);
    expect(await answer()).toEqual(SECONDARY);
    await put(1, 'us-east-1', 'other');
    expect(await answer()).toEqual(PRIMARY);
    // Nobody repeats the second one: its data runs out.
    await shop.world.advance(10 * MINUTE);
    expect(await answer()).toEqual(SECONDARY);
  });

  it('keeps its health check from being removed', async () => {
    const id = await shop.check(following());
    await shop.change(...pair('www.shop.example', id));
    await expect(shop.call('DeleteHealthCheck', { HealthCheckId: id })).rejects.toMatchObject({
      name: 'HealthCheckInUse',
    });
    const unused = await shop.check(following({ InsufficientDataHealthStatus: 'Healthy' }));
    await shop.call('DeleteHealthCheck', { HealthCheckId: unused });
    await expect(statusOf(unused)).rejects.toMatchObject({ name: 'NoSuchHealthCheck' });
  });
});

describe('a request for a health check', () => {
  it('made again finds it by its reference, and is refused with other settings', async () => {
    const request = (InsufficientDataHealthStatus: string) =>
      shop.call<{ HealthCheck: { Id: string } }>('CreateHealthCheck', {
        CallerReference: 'one',
        HealthCheckConfig: following({ InsufficientDataHealthStatus }),
      });
    const [first, again] = [await request('Healthy'), await request('Healthy')];
    expect(again.HealthCheck.Id).toBe(first.HealthCheck.Id);
    await expect(request('Unhealthy')).rejects.toMatchObject({ name: 'HealthCheckAlreadyExists' });
  });
});
