import { z } from 'zod';
import { LifeboatError } from '../errors.ts';
import { Platform } from './schema.ts';

export class ConfigurationInvalid extends LifeboatError {
  override readonly name = 'ConfigurationInvalid';
}

export type PlatformInput = z.input<typeof Platform>;

/**
 * Checks a platform's configuration and turns its units into numbers: durations into seconds, shares into fractions.
 * @throws {ConfigurationInvalid} naming every path that is wrong, at once.
 */
export const defineConfig = (config: PlatformInput): Platform => {
  const parsed = Platform.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new ConfigurationInvalid(
    `the configuration is not valid:\n${parsed.error.issues.map((issue) => lineOf(issue, config)).join('\n')}\n`,
    {
      source: config?.platform ?? 'configuration',
      next: 'Correct the paths named above; docs/configuration.md lists what is allowed.',
    },
  );
};

/** `  sources["shop-db"].posture.multiAz: Invalid input: expected boolean, received string. Found "true".` */
const lineOf = (issue: z.core.$ZodIssue, config: unknown): string => {
  const path = z.core.toDotPath(issue.path) || 'the configuration';
  if (issue.code === 'invalid_key') return `  ${path}: ${issue.issues.map(({ message }) => message).join('; ')}.`;
  // Its value would be everything around the unknown key.
  if (issue.code === 'unrecognized_keys') return `  ${path}: ${issue.message}.`;
  const valueIn = (node: unknown, key: PropertyKey) => (node as Record<PropertyKey, unknown> | undefined)?.[key];
  const found = JSON.stringify(issue.path.reduce<unknown>(valueIn, config))?.slice(0, 80) ?? 'nothing';
  return `  ${path}: ${issue.message}. Found ${found}.`;
};
