import platform from '#platform';
import { LifeboatError } from '../errors.ts';
import type { Platform, Source } from './schema.ts';

export class SourceUnknown extends LifeboatError {
  override readonly name = 'SourceUnknown';
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
