// From signals to a verdict: pure, so that every combination can be tried.
import type { Assessment, Signal } from '../../shared/recovery/assessment.ts';

/** Less than this share of the signals' weight answering: nothing can be said. */
const CONFIDENT = 0.5;
/** Of independent signals, one alone proves nothing. */
const WITNESSES = 2;

export type Judgement = Pick<Assessment, 'verdict' | 'confidence' | 'reasons'>;

/**
 * `down` where signals of at least `quorum` of the weight that answered say so, two or more of them; `degraded` where some do;
 * `unknown` where too few could be asked. A signal that could not be asked counts for neither side.
 */
export const judge = (signals: readonly Signal[], quorum: number): Judgement => {
  const weigh = (of: readonly Signal[]): number => of.reduce((sum, { weight }) => sum + weight, 0);
  const known = signals.filter(({ says }) => says !== 'unknown');
  const down = known.filter(({ says }) => says === 'down');
  const total = weigh(signals);
  const confidence = total > 0 ? weigh(known) / total : 0;
  const reasons = [
    ...down.map(({ name, evidence }) => `${name}: ${evidence}`),
    ...signals
      .filter(({ says }) => says === 'unknown')
      .map(({ name, evidence }) => `${name} could not be asked: ${evidence}`),
  ];
  const verdict =
    known.length === 0 || confidence < CONFIDENT
      ? 'unknown'
      : down.length >= WITNESSES && weigh(down) / weigh(known) >= quorum
        ? 'down'
        : down.length > 0
          ? 'degraded'
          : 'healthy';
  return { verdict, confidence, reasons };
};

/**
 * Whether this verdict, with those just before it (newest first), is enough to act upon, and since when it has been bad.
 * An assessment that is missing from the row breaks it: two bad looks an hour apart are not two in a row.
 */
export const confirm = (
  { verdict, at }: Pick<Assessment, 'verdict' | 'at'>,
  before: readonly Pick<Assessment, 'verdict' | 'at'>[],
  confirmations: number,
  withinSeconds: number,
): { confirmed: boolean; since?: string; downSince?: string } => {
  if (verdict === 'healthy' || verdict === 'unknown') return { confirmed: false };
  let since = at;
  let inARow = verdict === 'down' ? 1 : 0;
  let unbroken = verdict === 'down';
  let downSince = unbroken ? at : undefined;
  for (const earlier of before) {
    const gap = (Date.parse(since) - Date.parse(earlier.at)) / 1000;
    if (gap > withinSeconds || earlier.verdict === 'healthy' || earlier.verdict === 'unknown') break;
    unbroken &&= earlier.verdict === 'down';
    if (unbroken) {
      inARow += 1;
      downSince = earlier.at;
    }
    since = earlier.at;
  }
  return { confirmed: inARow >= confirmations, since, ...(downSince ? { downSince } : {}) };
};
