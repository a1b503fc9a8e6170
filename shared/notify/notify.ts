// Tells people. The same trouble again is counted and told as a sum, and its end is told. The vault keeps the count; where
// it does not answer, people are told each time rather than not at all.
import { randomUUID } from 'node:crypto';
import { now } from '../clock.ts';
import { configuration } from '../config/platform.ts';
import { settings } from '../config/settings.ts';
import { logger } from '../telemetry/logger.ts';
import { record } from '../telemetry/metrics.ts';
import { changeTrouble, countInLog, takePlace, writeToLog } from './journal.ts';
import { type Message, type Notice, noticeOf } from './message.ts';
import { withVault } from './patience.ts';
import { phrase } from './phrasing.ts';
import { publish } from './publish.ts';
import { ended, isMine, occurred, released, type Sight, type Trouble, told } from './trouble.ts';

/** Throws when SNS refuses: a message nobody got is a failure of the work that sent it. */
export const notify = async (message: Message): Promise<void> => {
  const sight = look();
  const kind = message.trouble;
  const notice = noticeOf(message, { platform: configuration().platform, region: settings().region });
  const claimed = await withVault(async () => {
    await writeToLog(notice, kind ?? 'news', sight.at);
    return kind ? claim(notice, kind, sight) : undefined;
  });
  if (!kind) return publish(notice.topic, notice);
  if (claimed === 'folded') record('NotificationsFolded', 1, notice.source);
  else await say(claimed ?? occurred(undefined, kind, notice, sight), sight);
};

const claim = async (notice: Notice, kind: string, sight: Sight): Promise<Trouble | 'folded'> => {
  const standing = await changeTrouble(notice.source, kind, (found) => occurred(found, kind, notice, sight));
  const turn = standing && isMine(standing, sight.by) && (await takePlace(notice, sight.by, sight.at));
  return turn ? standing : 'folded';
};

/** A trouble that is over, by the names it was told under, and what shows that it is. */
export interface Ending {
  source: string;
  trouble: string;
  evidence?: string[];
}

/**
 * Tells that a trouble is over, to those who were told of it. Nothing happens where there was none. Where SNS refuses, the
 * trouble's document says that its end is not told yet and the next follow-up tells it: good news fails no work.
 */
export const recovered = async ({ source, trouble, evidence }: Ending): Promise<void> => {
  const sight = look();
  const standing = await withVault(() => changeTrouble(source, trouble, (found) => found && ended(found, sight)));
  if (!standing || !isMine(standing, sight.by)) return;
  try {
    await say(standing, sight, evidence);
  } catch (error) {
    logger.warn('end of a trouble not told yet', error as Error);
  }
};

/** What a run sees when it looks at troubles; its name is made here. */
export const look = (): Sight => {
  const { fold, escalation } = configuration().notifications;
  return {
    at: now(),
    by: randomUUID(),
    foldSeconds: fold,
    acknowledgeSeconds: escalation.levels.length ? escalation.after : undefined,
  };
};

/** Says what the trouble's document says is being said. Whoever calls it holds the telling. */
export const say = async (trouble: Trouble, sight: Sight, evidence?: string[]): Promise<void> => {
  const { source, topic } = trouble.notice;
  const occurrences =
    trouble.telling.state === 'begun'
      ? 1
      : await withVault(() => countInLog(source, trouble.kind, new Date(trouble.openedAt), sight.at));
  const write = (change: (standing: Trouble) => Trouble) =>
    withVault(() => changeTrouble(source, trouble.kind, (found) => found && change(found)));
  try {
    await publish(topic, phrase(trouble, { ...sight, occurrences, evidence }));
  } catch (error) {
    await write((standing) => released(standing, sight.by));
    throw error;
  }
  await write((standing) => told(standing, sight.by, occurrences));
};
