// Both clusters of a mirror as they are configured, and the Kafka Connect that mirrors.
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import type { KafkaSource } from '../../shared/config/schema.ts';
import { bootstrapHere } from '../../shared/kafka/brokers.ts';
import { type Connect, openConnect } from '../../shared/kafka/connect.ts';
import { mask } from '../../shared/kafka/masking.ts';
import { type Mirror, type MirrorConnectors, mirrorConnectors } from '../../shared/kafka/mirror.ts';
import { MirrorRefused } from './errors.ts';

export interface MirrorSides {
  name: string;
  source: KafkaSource;
  target: string;
  into: KafkaSource;
  mirror: Mirror & { topics: KafkaSource['topics'] };
  connect: Connect;
  connectors: MirrorConnectors;
}

/** @throws {MirrorRefused} where none is configured, or a login stands in the configuration in the clear */
export const openMirror = async (name: string): Promise<MirrorSides> => {
  const source = kafkaSourceNamed(name);
  const { mirror } = source;
  if (!mirror) throw mirrorRefused(name, 'a mirror in the configuration of this source', 'none');
  const { masked } = mask(mirror.settings, new Set());
  const literal = masked.filter(
    (key) => key !== 'sasl.jaas.config' || !mirror.settings[key]?.includes('IAMLoginModule'),
  );
  if (literal.length > 0)
    throw mirrorRefused(
      name,
      'logins in `mirror.settings` as references of a config provider',
      `in the clear: ${literal}`,
    );
  const { target } = mirror;
  const into = kafkaSourceNamed(target);
  if (!into.connect) throw mirrorRefused(name, `Kafka Connect of ${target} in the configuration`, 'none');
  const full = { ...mirror, topics: mirror.topics ?? source.topics };
  const end = (of: string, configured: KafkaSource) => ({
    ...{ name: of, brokers: bootstrapHere(configured), auth: configured.auth, tls: configured.tls },
  });
  return {
    ...{ name, source, target, into, mirror: full },
    connect: await openConnect(target, into.connect),
    connectors: mirrorConnectors(end(name, source), end(target, into), full),
  };
};

export const mirrorRefused = (source: string, expected: string, found: unknown): MirrorRefused =>
  new MirrorRefused('the mirror was not touched.', {
    ...{ source, expected, found },
    next: 'Nothing was changed. Correct the configuration or the request (docs/mirror.md).',
  });
