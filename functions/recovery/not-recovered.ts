// What a failover leaves behind, by the configuration alone.
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Kind, Platform } from '../../shared/config/schema.ts';
import type { Plan } from '../../shared/recovery/plan.ts';

/** How people get it back themselves. */
const BY_HAND: Record<Kind, string> = {
  'rds-postgres': 'no phase recovers it: restore its newest copy with the machine restore-database',
  'elasticache-redis': 'no phase recovers it: restore its newest archive with the function redisRestore',
  kafka: 'no phase recovers it: restore its topics from their archives with the machine restore-kafka',
};

export const notRecovered = ({ sources }: Platform, recovery: Recovery): Plan['notRecovered'] => [
  ...Object.entries(sources)
    .filter(([name]) => ![recovery.database.source, recovery.cache?.source, recovery.streams?.source].includes(name))
    .map(([name, { kind }]) => ({ what: name, reason: BY_HAND[kind] })),
  ...partsOf(recovery),
];

const partsOf = ({ infrastructure, workloads, dns }: Recovery): Plan['notRecovered'] => [
  ...(infrastructure
    ? []
    : [
        {
          what: 'infrastructure',
          reason:
            'the configuration has no recovery.infrastructure: networks, clusters and load balancers have to stand before',
        },
      ]),
  workloads
    ? {
        what: `workloads in ${workloads.namespace} other than ${workloads.deployments.map(({ name }) => name).join(', ')}`,
        reason: 'only deployments that the configuration lists are brought up',
      }
    : { what: 'workloads', reason: 'the configuration has no recovery.workloads: people start them' },
  ...(dns ? [] : [{ what: "customers' names", reason: 'the configuration has no recovery.dns: people move them' }]),
  {
    what: 'protection against the loss of the second region',
    reason: 'the database has no replica elsewhere until the region that was left has rejoined (docs/failback.md)',
  },
];
