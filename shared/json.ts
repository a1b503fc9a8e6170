import { z } from 'zod';

/** Text that is JSON, as the value it stands for; `pipe` says what that has to be. What is no JSON is an issue like any other. */
export const Json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('not JSON');
    return z.NEVER;
  }
});
