/** Work on many things of which one that fails must not hold up the others. */
export interface Attempts {
  /** What failed and why, in order: whoever tried has to tell it. */
  troubles: string[];
  /** True where it went well. */
  attempt(what: string, run: () => Promise<void>): Promise<boolean>;
}

export const startAttempts = (): Attempts => {
  const troubles: string[] = [];
  return {
    troubles,
    attempt: async (what, run) => {
      try {
        await run();
        return true;
      } catch (error) {
        troubles.push(`${what}: ${reasonOf(error)}`);
        return false;
      }
    },
  };
};

/** What is told of whatever was thrown. */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
