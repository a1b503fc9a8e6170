import { invokeCommand } from './commands.ts';
import type { Notice } from './message.ts';
import type { Trouble } from './trouble.ts';
import { clockTime, inWords } from './words.ts';

/** What is known beyond the trouble itself when it is put into words. */
export interface Circumstances {
  at: Date;
  foldSeconds: number;
  /** How often it happened, the first time included; undefined where it could not be counted. */
  occurrences: number | undefined;
  /** Facts that show that it is over. */
  evidence?: string[] | undefined;
}

/** What is said of a trouble now: that it began, goes on, or is over. */
export const phrase = (trouble: Trouble, circumstances: Circumstances): Notice => {
  const { telling, notice, id } = trouble;
  const { occurrences } = circumstances;
  const known = {
    ...notice,
    id,
    state: telling.state,
    ...(occurrences && occurrences > 1 ? { repeats: occurrences - 1 } : {}),
  };
  return telling.state === 'recovered' ? over(known, trouble, circumstances) : lasting(known, trouble, circumstances);
};

const lasting = (notice: Notice, { acknowledgeBefore, id }: Trouble, { at, foldSeconds }: Circumstances): Notice => ({
  ...notice,
  nextUpdate: `when it is over; and at ${clockTime(new Date(at.getTime() + foldSeconds * 1000), at)} if it happens again until then`,
  ...(acknowledgeBefore
    ? {
        acknowledge: {
          before: acknowledgeBefore,
          command: invokeCommand('notificationAcknowledge', { id, by: '<your name>' }),
        },
      }
    : {}),
});

const over = (notice: Notice, { recoveredAt }: Trouble, { at, evidence = [] }: Circumstances): Notice => {
  const end = recoveredAt ? new Date(recoveredAt) : at;
  const seconds = Math.max(0, (end.getTime() - new Date(notice.since).getTime()) / 1000);
  return {
    ...notice,
    impact: `Over after ${inWords(seconds)}.`,
    evidence: [`over since ${end.toISOString()}`, ...evidence],
    next: 'Nothing, unless it comes back.',
  };
};
