import { defineConfig } from '../shared/config/define.ts';
import { SHOP } from './shop.config.ts';

/** The shop with its order events: a Kafka of one's own in each region, in the VPC, without logins. `npm start` uses it where a broker can be had. */
export default defineConfig({
  ...SHOP,
  sources: {
    ...SHOP.sources,
    'shop-events': {
      kind: 'kafka',
      bootstrap: {
        primary: ['kafka.us-east-1.shop.internal:19092'],
        recovery: ['kafka.us-west-2.shop.internal:29092'],
      },
      auth: { mode: 'none' },
      tls: false,
      topics: { include: ['orders'] },
      schedules: { archive: 'rate(15 minutes)' },
      retention: { archive: '90 days' },
      objectives: { rpo: '30 minutes', rto: '30 minutes' },
    },
  },
  recovery: {
    ...SHOP.recovery,
    streams: { source: 'shop-events' },
    targets: { ...SHOP.recovery.targets, streams: '15 minutes' },
  },
});
