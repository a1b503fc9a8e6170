// The streams of the example: a broker in each region, there before this service, with the topic that the shop tells of its orders in.
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { sourcesOfKind } from '../shared/config/platform.ts';
import { type KafkaBroker, startKafka } from './engines/kafka.ts';
import type { LocalPlatform } from './platform.ts';

const TOPIC = 'orders';
const PARTITIONS = 2;

export interface Streams extends AsyncDisposable {
  source: string;
  topic: string;
  /** `127.0.0.1:port` of each region's broker. */
  primary: string;
  recovery: string;
  /** The broker of the primary region goes with its power. */
  cutPower(): Promise<void>;
}

/** Undefined where the configuration has none. Their names lead to this machine, their ports are those of the configuration. */
export const createStreams = async ({ world, primary, recovery }: LocalPlatform): Promise<Streams | undefined> => {
  const [streams] = sourcesOfKind('kafka');
  if (!streams) return undefined;
  const [source, { bootstrap }] = streams;
  if (Array.isArray(bootstrap)) throw new Error(`${source} has one cluster, not one in each region.`);
  const start = async (region: typeof primary, [address = '']: readonly string[]) => {
    const [name = '', port] = address.split(':');
    world.dns.register(name, () => ['127.0.0.1']);
    const { brokers } = await startKafka({ directory: join(region.directory, 'kafka'), port: Number(port) });
    return brokers[0] as KafkaBroker;
  };
  const [here, there] = await Promise.all([start(primary, bootstrap.primary), start(recovery, bootstrap.recovery)]);
  const address = ({ port }: KafkaBroker): string => `127.0.0.1:${port}`;
  const admin = new Admin({ clientId: 'shop', bootstrapBrokers: [address(here)] });
  await admin.createTopics({ topics: [TOPIC], partitions: PARTITIONS, replicas: 1 });
  await admin.close();
  return {
    ...{ source, topic: TOPIC, primary: address(here), recovery: address(there) },
    cutPower: () => here.kill(),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([here.kill(), there.kill()]);
    },
  };
};
