// The configuration of a process that runs functions of Kafka: its second argument says which cluster.
import { z } from 'zod';
import { Kafka } from '../../shared/config/kafka.ts';
import { Notifications } from '../../shared/config/notifications.ts';

export const Cluster = z.object({
  source: z.string(),
  bootstrap: z.array(z.string()),
  topics: z.array(z.string()),
  shares: z.int().positive().default(1),
});

const { source, bootstrap, topics, shares } = Cluster.parse(JSON.parse(process.argv[3] ?? ''));

export default {
  name: 'shop',
  notifications: Notifications.parse({}),
  sources: {
    [source]: Kafka.parse({
      ...{ kind: 'kafka', bootstrap, auth: { mode: 'none' }, tls: false, topics: { include: topics } },
      ...{ schedules: { archive: 'rate(15 minutes)' }, retention: { archive: '90 days' }, concurrency: shares },
      objectives: { rpo: '30 minutes', rto: '30 minutes' },
    }),
  },
};
