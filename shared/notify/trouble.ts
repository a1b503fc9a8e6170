// One trouble of one source, from its first message to its end: what was told of it, who takes care of it. Changes are
// plain functions; the document is written by conditional requests (journal.ts), so that of many who find the same at once
// one tells it.
import { z } from 'zod';
import { LifeboatError } from '../errors.ts';
import { Notice } from './message.ts';

const time = z.iso.datetime();

/** Something that is being said. Whoever wrote it says it; `told` once SNS has taken it. */
const Telling = z.strictObject({
  state: z.enum(['begun', 'goes on', 'recovered']),
  at: time,
  by: z.string(),
  told: z.boolean(),
  /** Occurrences that were told with it. */
  counted: z.int().positive().optional(),
});

export const Trouble = z.strictObject({
  schemaVersion: z.literal(1),
  id: z.string(),
  kind: z.string(),
  status: z.enum(['open', 'recovered']),
  /** Occurrences from here on belong to this trouble. */
  openedAt: time,
  /** What it was about when it was last told. */
  notice: Notice,
  telling: Telling,
  /** Until then somebody has to say that it is taken care of. */
  acknowledgeBefore: time.optional(),
  acknowledged: z.strictObject({ by: z.string(), at: time }).optional(),
  /** The highest level that was told because nobody acknowledged. */
  escalation: z.strictObject({ level: z.int().positive(), at: time, by: z.string(), told: z.boolean() }).optional(),
  recoveredAt: time.optional(),
});
export type Trouble = z.output<typeof Trouble>;

export class NoticeUnknown extends LifeboatError {
  override readonly name = 'NoticeUnknown';
}

/** `shop-db.snapshot-failed.20261120t020000z`. */
export const troubleId = (source: string, kind: string, since: string): string =>
  `${source}.${kind}.${since.replace(/[-:]|\.\d+/g, '').toLowerCase()}`;

/** @throws {NoticeUnknown} for what is no id of a message. */
export const parseTroubleId = (id: string): { source: string; kind: string } => {
  const [, source, kind] = /^(.+)\.([a-z][a-z0-9-]*)\.\d{8}t\d{6}z$/.exec(id) ?? [];
  if (source && kind) return { source, kind };
  throw new NoticeUnknown('this is not the id of a message.', {
    source: 'notification',
    expected: 'an id such as shop-db.snapshot-failed.20261120t020000z',
    found: id,
    next: 'Copy the id from the end of the message.',
  });
};

/** Topics whose troubles somebody has to take care of at once. */
const DEMANDING = ['critical', 'disaster'];
/** A trouble that was not heard of for longer than a daily check needs to come again begins anew. */
const SILENCE_MS = 26 * 3_600_000;
/** Whoever said that he would tell has died if he has not within this time. */
export const TELLING_MS = 60_000;
/** Occurrences a little before the first telling belong to it: clocks differ, and who was first did not win. */
const BEFORE_MS = 60_000;

export interface Sight {
  at: Date;
  /** Name of the one who looks, to know his own writing again. */
  by: string;
  foldSeconds: number;
  /** Undefined where nobody would be told next. */
  acknowledgeSeconds: number | undefined;
}

const since = (time: string, { at }: Sight): number => at.getTime() - new Date(time).getTime();
const telling = (state: Trouble['telling']['state'], { at, by }: Sight): Trouble['telling'] => ({
  state,
  at: at.toISOString(),
  by,
  told: false,
});

/** Whether `by` is the one who has to say what is being said. */
export const isMine = (trouble: Trouble, by: string): boolean => trouble.telling.by === by && !trouble.telling.told;

/** Nobody says what should be said: its teller died, was refused, or had to let others go first. */
export const isUntold = ({ telling: { at, told } }: Trouble, sight: Sight): boolean =>
  !told && since(at, sight) >= TELLING_MS;

/** It happened (again). The same object comes back where there is nothing to say. */
export const occurred = (standing: Trouble | undefined, kind: string, notice: Notice, sight: Sight): Trouble => {
  if (!standing) return begun(kind, notice, sight);
  const { telling: last } = standing;
  const quiet = since(last.at, sight);
  if (last.by === sight.by) return standing;
  if (isUntold(standing, sight)) {
    const open = reopened(standing, notice);
    return { ...open, telling: telling(unsaid(open), sight) };
  }
  if (quiet >= sight.foldSeconds * 1000 && (standing.status === 'recovered' || quiet >= SILENCE_MS))
    return begun(kind, notice, sight, standing.recoveredAt);
  // Back within the window: told with the next summary, as people cannot follow what flaps.
  if (standing.status === 'recovered') return reopened(standing, notice);
  if (quiet < sight.foldSeconds * 1000 || standing.acknowledged) return standing;
  return { ...standing, notice, telling: telling('goes on', sight) };
};

const begun = (kind: string, notice: Notice, sight: Sight, recoveredAt?: string): Trouble => {
  const opened = new Date(sight.at.getTime() - BEFORE_MS).toISOString();
  const demands = sight.acknowledgeSeconds !== undefined && DEMANDING.includes(notice.topic);
  return {
    schemaVersion: 1,
    id: troubleId(notice.source, kind, notice.since),
    kind,
    status: 'open',
    openedAt: recoveredAt && recoveredAt > opened ? recoveredAt : opened,
    notice,
    telling: telling('begun', sight),
    ...(demands
      ? { acknowledgeBefore: new Date(sight.at.getTime() + (sight.acknowledgeSeconds ?? 0) * 1000).toISOString() }
      : {}),
  };
};

const reopened = ({ recoveredAt: _, ...standing }: Trouble, notice: Notice): Trouble => ({
  ...standing,
  status: 'open',
  notice,
});

/** It is over. Nothing is said where people do not know that it had come back. */
export const ended = (standing: Trouble, sight: Sight): Trouble => {
  if (standing.status === 'recovered')
    return isUntold(standing, sight) ? { ...standing, telling: telling('recovered', sight) } : standing;
  const over: Trouble = { ...standing, status: 'recovered', recoveredAt: sight.at.toISOString() };
  return standing.telling.state === 'recovered' ? over : { ...over, telling: telling('recovered', sight) };
};

/** What nobody said yet; of a trouble that came back before its end was told, that it goes on. */
const unsaid = ({ status, telling: { state } }: Trouble): Trouble['telling']['state'] =>
  status === 'open' && state === 'recovered' ? 'goes on' : state;

/** Takes over what nobody said, or sums up what was not told one by one. The same object where neither is due. */
export const followed = (standing: Trouble, happenedSince: boolean, sight: Sight): Trouble => {
  if (isUntold(standing, sight)) return { ...standing, telling: telling(unsaid(standing), sight) };
  const due = standing.telling.told && since(standing.telling.at, sight) >= sight.foldSeconds * 1000;
  if (standing.status !== 'open' || standing.acknowledged || !due) return standing;
  const flapped = standing.telling.state === 'recovered';
  return happenedSince || flapped ? { ...standing, telling: telling('goes on', sight) } : standing;
};

/** SNS took it. */
export const told = (standing: Trouble, by: string, counted = 1): Trouble =>
  isMine(standing, by) ? { ...standing, telling: { ...standing.telling, told: true, counted } } : standing;

/** SNS refused it: whoever comes next may say it at once. */
export const released = (standing: Trouble, by: string): Trouble =>
  isMine(standing, by) ? { ...standing, telling: { ...standing.telling, at: new Date(0).toISOString() } } : standing;

/** The first to acknowledge is the one who has; again changes nothing. */
export const acknowledged = (standing: Trouble, by: string, at: Date): Trouble =>
  standing.acknowledged ? standing : { ...standing, acknowledged: { by, at: at.toISOString() } };

/** The next level, where nobody acknowledged the last one in time, or the same one where its telling died. */
export const escalated = (
  standing: Trouble,
  { levels, afterSeconds }: { levels: number; afterSeconds: number },
  sight: Sight,
): Trouble => {
  const { escalation, acknowledgeBefore } = standing;
  if (standing.status !== 'open' || standing.acknowledged || !acknowledgeBefore) return standing;
  const next = (level: number): Trouble => ({
    ...standing,
    escalation: { level, at: sight.at.toISOString(), by: sight.by, told: false },
  });
  if (escalation && !escalation.told)
    return since(escalation.at, sight) >= TELLING_MS ? next(escalation.level) : standing;
  const due = escalation ? since(escalation.at, sight) >= afterSeconds * 1000 : sight.at >= new Date(acknowledgeBefore);
  const level = (escalation?.level ?? 0) + 1;
  return due && level <= levels ? next(level) : standing;
};

export const escalationTold = (standing: Trouble, by: string): Trouble =>
  standing.escalation?.by === by ? { ...standing, escalation: { ...standing.escalation, told: true } } : standing;
