import shop from '../../examples/shop.config.ts';
import { Kafka } from '../../shared/config/kafka.ts';

const cluster = {
  kind: 'kafka',
  auth: { mode: 'none' },
  tls: false,
  schedules: { archive: 'rate(15 minutes)' },
  retention: { archive: '90 days' },
  objectives: { rpo: '30 minutes', rto: '30 minutes' },
};

/** The shop with a cluster that is mirrored into another; where brokers and workers listen is the test's affair. */
export default {
  ...shop,
  sources: {
    ...shop.sources,
    'shop-events': Kafka.parse({
      ...cluster,
      bootstrap: ['127.0.0.1:9092'],
      topics: { include: ['orders-*'], exclude: ['orders-*.internal'] },
      mirror: {
        ...{ target: 'shop-mirror', policy: 'default', replicas: 1 },
        // Minutes are too long for a test.
        settings: {
          'refresh.topics.interval.seconds': '1',
          'refresh.groups.interval.seconds': '1',
          'emit.checkpoints.interval.seconds': '1',
          'sync.group.offsets.interval.seconds': '1',
          'offset.lag.max': '0',
        },
      },
    }),
    'shop-mirror': Kafka.parse({
      ...cluster,
      bootstrap: ['127.0.0.1:9093'],
      topics: { include: ['*'] },
      connect: { url: 'http://127.0.0.1:8083' },
    }),
  },
};
