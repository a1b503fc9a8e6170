import shop from '../../examples/shop.config.ts';
import { Kafka } from '../../shared/config/kafka.ts';
import recovery from './recovery.config.ts';

/** The shop with a recovery of its database and its streams; where the brokers of either region listen is the test's affair. */
export default {
  ...shop,
  sources: {
    ...shop.sources,
    'shop-events': Kafka.parse({
      kind: 'kafka',
      bootstrap: { primary: ['127.0.0.1:9092'], recovery: ['127.0.0.1:9093'] },
      auth: { mode: 'none' },
      tls: false,
      topics: { include: ['orders', 'audit'] },
      schedules: { archive: 'rate(15 minutes)' },
      retention: { archive: '90 days' },
      objectives: { rpo: '30 minutes', rto: '30 minutes' },
    }),
  },
  recovery: { ...recovery.recovery, streams: { source: 'shop-events', by: 'archive' as const } },
};
