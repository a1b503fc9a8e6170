import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Recovery } from '../../../shared/config/recovery.ts';

const record = {
  name: 'www.shop.example',
  primary: 'shop.elb.us-east-1.amazonaws.com',
  recovery: 'shop.elb.us-west-2.amazonaws.com',
};
const probe = { name: 'shop', url: 'https://www.shop.example/health' };
const parsed = (dns: object, targets: object = {}) =>
  Recovery.safeParse({
    ...{ objectives: { rto: '1 hour', rpo: '15 minutes' }, approval: {}, endpoints: [probe], targets },
    ...{ assessment: { schedule: 'rate(1 minute)', probes: [probe] }, canary: { schedule: 'rate(1 minute)' } },
    ...{ database: { source: 'shop-db', fence: { roles: ['app'] } } },
    dns: { zoneId: 'Z0123456789', zone: 'shop.example', records: [record], ...dns },
  });

describe('the names of a recovery', () => {
  it('are switched by a health check unless said otherwise, and remembered for a minute', () => {
    expect(parsed({}).data?.dns).toMatchObject({ mode: 'health-check', ttl: 60 });
    expect(parsed({ mode: 'records', ttl: '30 seconds' }).data?.dns).toMatchObject({ mode: 'records', ttl: 30 });
  });

  it('may be addresses, also for the zone itself', () => {
    const addresses = { name: 'shop.example', primary: '192.0.2.1', recovery: '192.0.2.2' };
    expect(parsed({ records: [addresses] }).success).toBe(true);
  });

  it.each([
    [
      'a name of another zone',
      { records: [{ ...record, name: 'www.other.example' }] },
      /in the zone shop\.example.*records\[0\]\.name/s,
    ],
    ['a name that only ends alike', { records: [{ ...record, name: 'www.workshop.example' }] }, /in the zone/],
    [
      'a host name for the zone itself',
      { records: [{ ...record, name: 'shop.example' }] },
      /cannot lead to a host name/,
    ],
    ['a name listed twice', { records: [record, record] }, /listed twice.*records\[1\]\.name/s],
    ['the same target twice', { records: [{ ...record, recovery: record.primary }] }, /must differ/],
    ['an address beside a host name', { records: [{ ...record, recovery: '192.0.2.2' }] }, /both addresses/],
    ['no record', { records: [] }, /dns\.records/],
    ['a name with a dot at its end', { records: [{ ...record, name: 'www.shop.example.' }] }, /host name/],
    ['an unknown way', { mode: 'weighted' }, /"health-check"\|"records"/],
    ['a zone by its name', { zoneId: 'shop.example' }, /the id of a hosted zone/],
    [
      'a time to live beyond what the phase may take',
      { ttl: '10 minutes' },
      /longer than the phase may take.*dns\.ttl/s,
    ],
  ])('are refused with %s', (_, dns, message) => {
    const { error } = parsed(dns);
    expect(error && z.prettifyError(error)).toMatch(message);
  });

  it('may be remembered longer where the phase may take longer', () => {
    expect(parsed({ ttl: '10 minutes' }, { dns: '15 minutes' }).success).toBe(true);
  });
});
