// The shop's workloads in both regions: running in the primary one, standing by with no replicas in the other.
import { configuration, kafkaSourceNamed, redisSourceNamed } from '../../shared/config/platform.ts';
import { cacheSource } from '../cache.ts';
import { application, type LocalPlatform } from '../platform.ts';
import type { LocalRegion } from '../world.ts';
import { createShopCluster, type ShopService } from './cluster.ts';
import { createShopInfrastructure } from './projects.ts';

/** Of every load balancer: the port in the example's URLs. */
export const PORT = 8080;

const RECORDS: Record<ShopService, string> = {
  order: 'orders.shop.example',
  customer: 'customers.shop.example',
  product: 'products.shop.example',
};

/**
 * With the projects that build what workloads stand upon, where they are configured. The cache has to be there before.
 * @param replicas of each service in the primary region; as many as the configuration says of a service where left out
 */
export const createShopClusters = async (platform: LocalPlatform, replicas?: number): Promise<void> => {
  const { workloads } = planned();
  const { infrastructure } = configuration().recovery ?? {};
  const running = replicas ?? Math.max(...workloads.deployments.map((deployment) => deployment.replicas));
  for (const [region, each] of [
    [platform.primary, running],
    [platform.recovery, 0],
  ] as const) {
    const role = region === platform.primary ? 'primary' : 'recovery';
    const { host, port } = platform.primary.rds.server('shop-db');
    // Its certificate authority and its token are the same in both regions.
    const cache = platform.primary.elasticache.server(redisSourceNamed(cacheSource()).replicationGroup);
    await createShopCluster(region, {
      name: workloads.clusters[role],
      // The other cluster was made from the same manifests: whoever brings it up has to tell it of another database.
      database: { host, port, name: 'shop', ...application },
      cache,
      brokers: brokersOf('primary'),
      replicas: each,
      services: {
        order: { port: PORT, hostName: hostName('order', role) },
        customer: { port: PORT, hostName: hostName('customer', role) },
        product: { port: PORT, hostName: hostName('product', role) },
      },
      access: [await roleOf(platform, region, 'recoverySwitchWorkloads')],
    });
    if (infrastructure) await createShopInfrastructure(region, infrastructure.project);
  }
  await platform.world.clock.settled();
};

/** Those of the streams that a failover switches. */
const brokersOf = (role: 'primary' | 'recovery'): string[] | undefined => {
  const { streams } = configuration().recovery ?? {};
  const bootstrap = streams && kafkaSourceNamed(streams.source).bootstrap;
  return bootstrap && (Array.isArray(bootstrap) ? bootstrap : bootstrap[role]);
};

const planned = () => {
  const { workloads, dns } = configuration().recovery ?? {};
  if (!workloads || !dns) throw new Error('The configuration has no workloads, or no names that lead to them.');
  return { workloads, dns };
};

/** What the load balancer of a service is called, as the configuration expects it. */
const hostName = (service: ShopService, role: 'primary' | 'recovery'): string => {
  const record = planned().dns.records.find(({ name }) => name === RECORDS[service]);
  if (!record) throw new Error(`The configuration has no record ${RECORDS[service]}.`);
  return record[role];
};

const roleOf = async ({ ask, service }: LocalPlatform, region: LocalRegion, key: string): Promise<string> => {
  const { Role } = await ask<{ Role: string }>(region, 'lambda', 'GetFunctionConfiguration', {
    FunctionName: `${service}-${key}`,
  });
  return Role;
};
