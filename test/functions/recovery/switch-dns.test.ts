// Names are moved for real: the deployed functions under their own roles, a name server that is asked, and a region that dies.
import { describe, expect, it } from 'vitest';
import { type DnsPlatform, dnsPlatform, NAMES, settings } from './dns-platform.ts';

const metric = async ({ ask }: DnsPlatform, role: 'primary' | 'recovery', MetricName: string): Promise<number> => {
  const { Metrics } = await ask<{ Metrics: object[] }>(role, 'monitoring', 'ListMetrics', { MetricName });
  return Metrics.length;
};

describe('a switch by health check', () => {
  it('moves every name with us-east-1 dead, says what it waits for, and the names stay', async () => {
    await using shop = await dnsPlatform('health-check');
    expect(shop.leadsTo()).toBe('primary');
    await shop.world.killRegion('us-east-1');
    await shop.declare('recovery', {});

    const first = await shop.invoke('recovery', 'recoverySwitchDns');
    expect(first.value).toMatchObject({ phase: 'dns', done: false, waitSeconds: 15 });
    expect(first.value.found).toContain(
      'orders.shop.example leads to 127.77.0.1, not to shop-orders.elb.us-west-2.amazonaws.com',
    );
    const last = await shop.switchTo('recovery');
    expect(last.value).toMatchObject({
      done: true,
      facts: { mode: 'health-check', settled: false, otherRegion: expect.stringContaining('us-east-1 was not told') },
    });
    expect(last.value.facts?.names).toMatchObject(NAMES.map((name) => ({ name, addresses: ['127.77.0.2'] })));
    await shop.pass(24 * 60);
    expect(shop.leadsTo()).toBe('recovery');
  });

  it('is not done before resolvers have forgotten the old answer', async () => {
    await using shop = await dnsPlatform('health-check');
    await shop.declare('recovery', {});
    // The resolver of the function learns the old answer now, and keeps it for its time to live.
    await shop.pass(settings.ttl / 60 - 0.9);
    await shop.invoke('recovery', 'recoverySwitchDns');
    await shop.pass(0.95);
    expect(shop.leadsTo()).toBe('recovery');
    expect((await shop.invoke('recovery', 'recoverySwitchDns')).value.done).toBe(false);
    await shop.pass(settings.ttl / 60);
    expect((await shop.invoke('recovery', 'recoverySwitchDns')).value.done).toBe(true);
  });

  it('goes both ways again and again while both regions live', async () => {
    await using shop = await dnsPlatform('health-check');
    for (const [at, role] of (['recovery', 'primary', 'recovery', 'primary'] as const).entries()) {
      const failoverId = `move-${at + 1}`;
      await shop.declare(role, { epoch: at + 1, failoverId, kind: role === 'recovery' ? 'failover' : 'failback' });
      expect((await shop.switchTo(role, failoverId)).value).toMatchObject({ done: true, facts: { settled: true } });
      await shop.pass(30);
      expect(shop.leadsTo()).toBe(role);
    }
  });

  it('comes back though the recovery region is the one that died, and is held until that region was told', async () => {
    await using shop = await dnsPlatform('health-check');
    await shop.declare('recovery', {});
    expect((await shop.switchTo('recovery')).value.done).toBe(true);

    shop.world.cutOff('us-west-2');
    await shop.declare('primary', { epoch: 2, kind: 'failback' });
    expect((await shop.switchTo('primary')).value).toMatchObject({ done: true, facts: { settled: false } });
    for (let minute = 0; minute < 15; minute += 1) {
      expect((await shop.invoke('primary', 'recoveryHoldDns', {})).value).toMatchObject({
        ...{ held: true, found: expect.stringContaining('us-west-2 was not told') },
      });
      await shop.pass(1);
      expect(shop.leadsTo()).toBe('primary');
    }
    shop.world.rejoin('us-west-2');
    expect((await shop.invoke('primary', 'recoveryHoldDns', {})).value).toEqual({
      held: true,
      found: 'us-west-2 was told',
    });
    expect((await shop.invoke('primary', 'recoveryHoldDns', {})).value).toEqual({
      held: false,
      found: 'nothing to hold',
    });
    await shop.pass(60);
    expect(shop.leadsTo()).toBe('primary');

    // And the way out is free again, also without the primary region.
    await shop.world.killRegion('us-east-1');
    await shop.declare('recovery', { epoch: 3, failoverId: 'again' });
    expect((await shop.switchTo('recovery', 'again')).value.done).toBe(true);
    expect(shop.leadsTo()).toBe('recovery');
  });

  it('of a region that was taken over from since is held no longer', async () => {
    await using shop = await dnsPlatform('health-check');
    shop.world.cutOff('us-east-1');
    await shop.declare('recovery', {});
    expect((await shop.switchTo('recovery')).value).toMatchObject({ done: true, facts: { settled: false } });
    expect((await shop.invoke('recovery', 'recoveryHoldDns', {})).value).toMatchObject({ held: true });
    shop.world.rejoin('us-east-1');
    await shop.declare('primary', { epoch: 2, kind: 'failback', failoverId: 'failback-1' });
    await shop.invoke('primary', 'recoverySwitchDns', { failoverId: 'failback-1' });
    expect((await shop.invoke('recovery', 'recoveryHoldDns', {})).value).toEqual({
      held: false,
      found: 'superseded by failback-1',
    });
    // Both switches spoke in this minute, and the louder one won it; the phase is called again, the hold is not.
    expect((await shop.switchTo('primary', 'failback-1')).value.done).toBe(true);
    await shop.pass(30);
    expect(shop.leadsTo()).toBe('primary');
  });

  it('in a rehearsal touches nothing, and says where names would lead', async () => {
    await using shop = await dnsPlatform('health-check');
    await shop.declare('recovery', { kind: 'drill' });
    const { value } = await shop.invoke('recovery', 'recoverySwitchDns');
    expect(value).toMatchObject({ done: true, facts: { rehearsal: true } });
    expect(value.facts?.names).toContainEqual({
      ...{ name: 'orders.shop.example', addresses: ['127.77.0.1'] },
      wouldLeadTo: 'shop-orders.elb.us-west-2.amazonaws.com',
    });
    expect(await metric(shop, 'recovery', 'PrimaryWithdrawn')).toBe(0);
    expect((await shop.invoke('recovery', 'recoveryHoldDns', {})).value).toEqual({
      held: false,
      found: 'nothing to hold',
    });
    await shop.pass(5);
    expect(shop.leadsTo()).toBe('primary');
  });

  it('is refused to a failover that does not hold the platform', async () => {
    await using shop = await dnsPlatform('health-check');
    await shop.declare('recovery', { failoverId: 'another' });
    expect((await shop.invoke('recovery', 'recoverySwitchDns')).error).toBe('EpochLost');
    expect(await metric(shop, 'recovery', 'PrimaryWithdrawn')).toBe(0);
  });
});

describe('a switch by changed records', () => {
  it('submits one change, waits until all name servers have it, and comes back the same way', async () => {
    await using shop = await dnsPlatform('records');
    await shop.declare('recovery', {});
    const first = await shop.invoke('recovery', 'recoverySwitchDns');
    expect(first.value).toMatchObject({
      done: false,
      found: expect.stringContaining('has not reached all name servers'),
    });
    const last = await shop.switchTo('recovery');
    expect(last.value).toMatchObject({ done: true, facts: { mode: 'records' } });
    expect(first.value.found).toContain(last.value.facts?.changeId);
    expect(shop.leadsTo()).toBe('recovery');

    await shop.declare('primary', { epoch: 2, kind: 'failback' });
    expect((await shop.switchTo('primary')).value.done).toBe(true);
    expect(shop.leadsTo()).toBe('primary');
  });

  it('with us-east-1 dead fails by name, and says what to do', async () => {
    await using shop = await dnsPlatform('records');
    await shop.declare('recovery', {});
    await shop.world.killRegion('us-east-1');
    const { error, value } = await shop.invoke('recovery', 'recoverySwitchDns');
    expect(error).toBe('DnsControlPlaneSilent');
    expect(value.errorMessage).toMatch(/^shop\.example: .*us-east-1.*set dns\.mode to "health-check"/s);
    expect(shop.leadsTo()).toBe('primary');
  });

  it('that Route 53 refuses fails by name, with what it said', async () => {
    await using shop = await dnsPlatform('records');
    const existing = {
      Name: NAMES[0],
      Type: 'CNAME',
      TTL: 60,
      ResourceRecords: [{ Value: settings.records[0]?.primary }],
    };
    const address = { Name: NAMES[0], Type: 'A', TTL: 60, ResourceRecords: [{ Value: '127.77.0.1' }] };
    await shop.ask('primary', 'route53', 'ChangeResourceRecordSets', {
      HostedZoneId: settings.zoneId,
      ChangeBatch: {
        Changes: [
          { Action: 'DELETE', ResourceRecordSet: existing },
          { Action: 'CREATE', ResourceRecordSet: address },
        ],
      },
    });
    await shop.declare('recovery', {});
    const { error, value } = await shop.invoke('recovery', 'recoverySwitchDns');
    expect(error).toBe('DnsChangeRefused');
    expect(value.errorMessage).toContain('InvalidChangeBatch: [RRSet of type CNAME');
  });

  it('waits while Route 53 is busy with another change of the zone', async () => {
    await using shop = await dnsPlatform('records');
    await shop.declare('recovery', {});
    const busy = { kind: 'error', code: 'PriorRequestNotComplete', status: 400, when: 'before' } as const;
    shop.world.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets' }, busy, { times: 3 });
    expect((await shop.invoke('recovery', 'recoverySwitchDns')).value).toMatchObject({
      ...{ done: false, found: expect.stringContaining('Route 53 is busy') },
    });
    expect((await shop.switchTo('recovery')).value.done).toBe(true);
  });

  it('killed after the change was submitted submits it again, and goes on', async () => {
    await using shop = await dnsPlatform('records');
    await shop.declare('recovery', {});
    const kill = { kind: 'kill', when: 'after' } as const;
    shop.world.faults.add({ service: 'route53', operation: 'ChangeResourceRecordSets' }, kill, { times: 1 });
    expect((await shop.invoke('recovery', 'recoverySwitchDns')).error).toBe('Runtime.ExitError');
    expect((await shop.switchTo('recovery')).value.done).toBe(true);
    expect(shop.leadsTo()).toBe('recovery');
  });
});
