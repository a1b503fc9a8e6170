// The part of a buildspec that is run here: version 0.2, variables, and the commands of the four phases.
import { load } from 'js-yaml';
import { z } from 'zod';

export const BUILD_PHASES = ['install', 'pre_build', 'build', 'post_build'] as const;

const Phase = z.strictObject({ commands: z.union([z.string().transform((one) => [one]), z.array(z.string())]) });
const Buildspec = z.strictObject({
  version: z.literal(0.2),
  env: z
    .strictObject({ variables: z.record(z.string(), z.union([z.string(), z.number()]).transform(String)) })
    .optional(),
  phases: z.strictObject(Object.fromEntries(BUILD_PHASES.map((name) => [name, Phase.optional()]))),
});
export type Buildspec = z.infer<typeof Buildspec>;

/** Says what stands in the text and is not run here. Wrong texts are not its business: AWS takes those too, and their builds fail. */
export const unsupportedKey = (text: string): string | undefined => {
  try {
    const issues = Buildspec.safeParse(load(text)).error?.issues ?? [];
    const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
    return unknown && [...unknown.path, unknown.keys[0]].join('/');
  } catch {
    return undefined;
  }
};

/** @throws Error that says what is wrong with the text. */
export const parseBuildspec = (text: string): Buildspec => {
  const parsed = Buildspec.safeParse(load(text));
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join('/')}: ${message}`).join('; '));
};
