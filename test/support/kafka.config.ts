import shop from '../../examples/shop.config.ts';
import { Kafka } from '../../shared/config/kafka.ts';

/** The shop with a cluster whose orders are archived; where its brokers listen is the test's affair. */
export default {
  ...shop,
  sources: {
    ...shop.sources,
    'shop-events': Kafka.parse({
      kind: 'kafka',
      bootstrap: ['127.0.0.1:9092'],
      auth: { mode: 'none' },
      tls: false,
      topics: { include: ['orders', 'audit.*'], exclude: ['*.internal'] },
      schedules: { archive: 'rate(15 minutes)' },
      retention: { archive: '90 days' },
      objectives: { rpo: '30 minutes', rto: '30 minutes' },
      concurrency: 3,
    }),
  },
};
