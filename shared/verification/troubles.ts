import { z } from 'zod';

/** What the machine caught: at which step, and what it was. */
export const Trouble = z.strictObject({
  step: z.string(),
  error: z.string(),
  cause: z.string().transform((text) => causeOf(text).slice(0, 1000)),
});
export type Trouble = z.output<typeof Trouble>;

/** Lambda's cause is a document with `errorMessage`; anything else is told as it is. */
const causeOf = (cause: string): string => {
  try {
    const parsed: unknown = JSON.parse(cause);
    return z.object({ errorMessage: z.string() }).parse(parsed).errorMessage;
  } catch {
    return cause;
  }
};
