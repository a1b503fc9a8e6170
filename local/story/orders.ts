// Customers of the platform as a whole: they order wherever it lives, try again while nobody answers, and remember every
// order that was acknowledged to them.
export interface Acknowledged {
  id: number;
  /** Region time. */
  at: Date;
}

export interface Orders {
  acknowledged: readonly Acknowledged[];
  /** Attempts that nobody acknowledged. */
  refused(): number;
  /** Longest time between two acknowledgements, in seconds of region time, and when it began. */
  interruption(): { seconds: number; from: Date | undefined };
  stop(): Promise<void>;
}

/** @param place places one order and returns its number once it is acknowledged; throws where it was not */
export const keepOrderingAnywhere = (place: () => Promise<number>, now: () => Date, pauseMs = 60): Orders => {
  const acknowledged: Acknowledged[] = [];
  let refused = 0;
  let going = true;
  const loop = (async () => {
    while (going) {
      try {
        const id = await place();
        acknowledged.push({ id, at: now() });
      } catch {
        // Whatever the reason: to a customer it is one, "try again".
        refused += 1;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  })();
  return {
    acknowledged,
    refused: () => refused,
    interruption: () => {
      let longest = { seconds: 0, from: undefined as Date | undefined };
      for (const [index, { at }] of acknowledged.entries()) {
        const before = acknowledged[index - 1]?.at;
        const seconds = before ? (at.getTime() - before.getTime()) / 1000 : 0;
        if (before && seconds > longest.seconds) longest = { seconds, from: before };
      }
      return longest;
    },
    stop: async () => {
      going = false;
      await loop;
    },
  };
};
