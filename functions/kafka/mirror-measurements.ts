// How far a mirror is behind, asked of the brokers of the source and of the connector that copies.
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { now } from '../../shared/clock.ts';
import { sourcesOfKind } from '../../shared/config/platform.ts';
import { openCluster } from '../../shared/kafka/cluster.ts';
import {
  lagOf,
  type MirrorMeasure,
  mirrorMeasureKey,
  type PartitionLag,
  type Standing,
} from '../../shared/kafka/mirror.ts';
import { wants } from '../../shared/kafka/patterns.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { measureEach } from '../../shared/telemetry/measuring.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { type MirrorSides, openMirror } from './mirror-sides.ts';

interface Measured {
  source: string;
  /** Offsets of all partitions that the mirror does not have. */
  lag: number;
}

/** @throws {PartlyDone} where some could not be measured: the alarm hears nothing then, and goes off. */
export const measureMirrors = (): Promise<Measured[]> =>
  measureEach(
    sourcesOfKind('kafka').filter(([, { mirror }]) => mirror),
    measureMirror,
  );

const measureMirror = async (source: string): Promise<Measured> => {
  const sides = await openMirror(source);
  const partitions = await lagNow(sides);
  const measured: MirrorMeasure = { measuredAt: now().toISOString(), partitions };
  await writeArtifact(mirrorMeasureKey(source), JSON.stringify(measured));
  const lag = lagIn(partitions);
  record('MirrorLag', lag, source);
  const beyond = partitions.filter((each) => each.beyond).map(({ topic, partition }) => `${topic}-${partition}`);
  if (beyond.length > 0) logger.warn('mirror has more than its source', { source, beyond });
  logger.info('mirror measured', { source, lag, partitions: partitions.length });
  return { source, lag };
};

export const lagIn = (partitions: readonly PartitionLag[]): number => partitions.reduce((sum, { lag }) => sum + lag, 0);

/** Offsets of the connector first: what is written meanwhile makes the lag larger, never smaller. */
export const lagNow = async ({ name, source, mirror, connect, connectors }: MirrorSides): Promise<PartitionLag[]> => {
  const offsets = await connect.offsets(connectors.source.name);
  await using cluster = await openCluster(name, source);
  const standing: Standing[] = [];
  for (const topic of await cluster.topics(wants(mirror.topics)))
    standing.push({ topic: topic.name, ranges: await cluster.ranges(topic) });
  return lagOf(standing, name, offsets);
};
