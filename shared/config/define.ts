import { z } from 'zod';
import { LifeboatError } from '../errors.ts';
import { Platform } from './schema.ts';

export class ConfigurationInvalid extends LifeboatError {
  override readonly name = 'ConfigurationInvalid';
}

/**
 * Checks a platform's configuration and turns its units into numbers: durations into seconds, shares into fractions.
 * @throws {ConfigurationInvalid} naming every path that is wrong, at once.
 */
export const defineConfig = (config: z.input<typeof Platform>): Platform => {
  const parsed = Platform.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new ConfigurationInvalid(`the configuration is not valid:\n${z.prettifyError(parsed.error)}\n`, {
    source: config?.platform ?? 'configuration',
    next: 'Correct the paths named above; docs/configuration.md lists what is allowed.',
  });
};
