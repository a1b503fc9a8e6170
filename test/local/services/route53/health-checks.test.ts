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
    await expect(shop.change(upsert('www.shop.example', 'TXT', '"x"'))).rejects.toMatchObject({
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

  it('is healthy while it is new, and the other way round where it is inverted', async () => {
    expect(await statusOf(await shop.check(following()))).toContain('Success');
    const inverted = await shop.check(following({ Inverted: true }));
    expect(await statusOf(inverted)).toContain('Failure');
    await put(1);
    expect(await statusOf(inverted)).toContain('Success');
  });

  it('keeps the settings the alarm had, until it is updated', async () => {
    const id = await shop.check(following());
    await shop.alarm('us-west-2', 'withdrawn', { Threshold: 5 });
    await put(1);
    expect(await statusOf(id)).toContain('Failure');
    const update = { HealthCheckId: id, HealthCheckVersion: 1, AlarmIdentifier: following().AlarmIdentifier };
    const { HealthCheck } = await shop.call<{ HealthCheck: object }>('UpdateHealthCheck', update);
    expect(HealthCheck).toMatchObject({ HealthCheckVersion: 2, CloudWatchAlarmConfiguration: { Threshold: 5 } });
    await shop.world.advance(MINUTE);
    expect(await statusOf(id)).toContain('Success');
    await expect(shop.call('UpdateHealthCheck', update)).rejects.toMatchObject({ name: 'HealthCheckVersionMismatch' });
  });

  it('once disabled is healthy, whatever the data says', async () => {
    const id = await shop.check(following());
    await put(1);
    await shop.call('UpdateHealthCheck', { HealthCheckId: id, Disabled: true });
    expect(await statusOf(id)).toContain('Success');
  });

  it.each([
    ['an alarm that is not there', following({}, 'us-west-2', 'other'), 'The alarm other was not found'],
    ['a region that is not there', following({}, 'eu-west-1'), 'was not found in the region eu-west-1'],
    ['no alarm', { Type: 'CLOUDWATCH_METRIC' }, 'needs an AlarmIdentifier'],
    ['an endpoint', { Type: 'HTTPS', FullyQualifiedDomainName: 'x' }, 'the local region offers CLOUDWATCH_METRIC'],
  ])('of %s is refused', async (_, config, message) => {
    await expect(shop.check(config)).rejects.toMatchObject({
      name: 'InvalidInput',
      message: expect.stringContaining(message),
    });
  });

  it('of an alarm on a percentile is refused', async () => {
    await shop.alarm('us-west-2', 'slow', { Statistic: undefined, ExtendedStatistic: 'p99' });
    await expect(shop.check(following({}, 'us-west-2', 'slow'))).rejects.toThrow(
      'extended statistics are not supported',
    );
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
    const unused = await shop.check(following({ Inverted: true }));
    await shop.call('DeleteHealthCheck', { HealthCheckId: unused });
    await expect(statusOf(unused)).rejects.toMatchObject({ name: 'NoSuchHealthCheck' });
  });
});

describe('a calculated health check', () => {
  it('counts its healthy children', async () => {
    const child = await shop.check(following());
    const inverted = await shop.check(following({ Inverted: true }));
    const any = await shop.check({ Type: 'CALCULATED', HealthThreshold: 1, ChildHealthChecks: [child, inverted] });
    const all = await shop.check({ Type: 'CALCULATED', HealthThreshold: 2, ChildHealthChecks: [child, inverted] });
    expect(await statusOf(any)).toBe('Success: calculated from its children');
    expect(await statusOf(all)).toBe('Failure: calculated from its children');
    await expect(shop.check({ Type: 'CALCULATED', HealthThreshold: 1, ChildHealthChecks: [any] })).rejects.toThrow(
      'is calculated itself',
    );
    await expect(shop.check({ Type: 'CALCULATED', ChildHealthChecks: [child] })).rejects.toThrow('HealthThreshold');
  });

  it('is found again by its reference, and refused with other settings', async () => {
    const request = (Inverted: boolean) =>
      shop.call<{ HealthCheck: { Id: string } }>('CreateHealthCheck', {
        CallerReference: 'one',
        HealthCheckConfig: following({ Inverted }),
      });
    const [first, again] = [await request(true), await request(true)];
    expect(again.HealthCheck.Id).toBe(first.HealthCheck.Id);
    await expect(request(false)).rejects.toMatchObject({ name: 'HealthCheckAlreadyExists' });
  });
});
