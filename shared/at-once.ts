/** Requests to one service at the same time: enough that none waits for the one before it, nothing a service would notice. */
const AT_ONCE = 20;

/** Does the same with many things, so many of them at a time; answers in the order of the things. The first failure ends it. */
export const mapAtOnce = async <T, R>(
  things: readonly T[],
  run: (thing: T, number: number) => Promise<R>,
  atOnce = AT_ONCE,
): Promise<R[]> => {
  const answers: R[] = [];
  const left = things.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [number, thing] of left) {
      if (failed) return;
      answers[number] = await run(thing, number);
    }
  };
  const fail = (error: unknown): never => {
    failed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, things.length) }, () => worker().catch(fail)));
  return answers;
};
