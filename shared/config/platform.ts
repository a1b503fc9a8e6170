import platform from '#platform';
import { LifeboatError } from '../errors.ts';
import type { KafkaSource, Kind, Platform, RdsSource, RedisSource, Source, SourceOf } from './schema.ts';

export class SourceUnknown extends LifeboatError {
  override readonly name = 'SourceUnknown';
}

/** The source is configured, and is not of the kind that this work is for. */
export class SourceOfOtherKind extends LifeboatError {
  override readonly name = 'SourceOfOtherKind';
}

/** The configuration this deployment was packaged with: the bundler puts the chosen file in place of `#platform`. */
export const configuration = (): Platform => platform;

/** @throws {SourceUnknown} when the configuration has no such source. */
export const sourceNamed = (name: string): Source => {
  const source = Object.hasOwn(platform.sources, name) ? platform.sources[name] : undefined;
  if (source) return source;
  throw new SourceUnknown('no such source is configured.', {
    source: name,
    expected: Object.keys(platform.sources),
    next: 'Use one of the configured names, or add the source to the configuration and deploy.',
  });
};

const isOfKind = <K extends Kind>(source: Source, kind: K): source is SourceOf<K> => source.kind === kind;

const narrowed = <K extends Kind>(name: string, kind: K): SourceOf<K> => {
  const source = sourceNamed(name);
  if (isOfKind(source, kind)) return source;
  throw new SourceOfOtherKind('the source is of another kind.', {
    source: name,
    expected: kind,
    found: source.kind,
    next: `Name a source of kind ${kind}, or call the function that is made for ${source.kind}.`,
  });
};

/** @throws {SourceUnknown} {SourceOfOtherKind} */
export const rdsSourceNamed = (name: string): RdsSource => narrowed(name, 'rds-postgres');

/** @throws {SourceUnknown} {SourceOfOtherKind} */
export const redisSourceNamed = (name: string): RedisSource => narrowed(name, 'elasticache-redis');

/** @throws {SourceUnknown} {SourceOfOtherKind} */
export const kafkaSourceNamed = (name: string): KafkaSource => narrowed(name, 'kafka');

/** All sources of one kind, with their names. */
export const sourcesOfKind = <K extends Kind>(kind: K): [string, SourceOf<K>][] =>
  Object.entries(platform.sources).flatMap(([name, source]): [string, SourceOf<K>][] =>
    isOfKind(source, kind) ? [[name, source]] : [],
  );
