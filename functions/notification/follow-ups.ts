// What messages need after they were sent: the sum of repeats, another try, the next level. One look over all troubles,
// whose number is that of sources and kinds; each change is claimed in the trouble's document before it is told.
import { keysUnder } from '../../shared/catalog/catalog.ts';
import { configuration } from '../../shared/config/platform.ts';
import { changeTrouble, countInLog, troublesPrefix } from '../../shared/notify/journal.ts';
import { look } from '../../shared/notify/notify.ts';
import { escalated, followed, isMine, type Sight, Trouble } from '../../shared/notify/trouble.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { MessagesUntold } from './errors.ts';
import { type Due, tell } from './telling.ts';

export interface FollowedUp {
  open: number;
  told: number;
  escalated: number;
}

/** @throws {MessagesUntold} after everything was tried, naming what could not be told; the next run tries again. */
export const followUp = async (): Promise<FollowedUp> => {
  const sight = look();
  const due: Due[] = [];
  const higher: Due[] = [];
  let open = 0;
  for await (const key of keysUnder(troublesPrefix())) {
    const trouble = await findDocument(key, Trouble);
    if (!trouble) continue;
    if (trouble.status === 'open') open += 1;
    due.push(...(await claimTelling(trouble, sight)));
    higher.push(...(await claimEscalation(trouble, sight)));
  }
  const untold = [...(await tell(due, sight)), ...(await tell(higher, sight))];
  logger.info('messages followed up', { open, told: due.length, escalated: higher.length, untold: untold.length });
  if (untold.length) {
    throw new MessagesUntold('some messages could not be sent.', {
      source: 'notification',
      found: untold,
      next: 'The next run tries again; look at the topics and their key.',
    });
  }
  return { open, told: due.length, escalated: higher.length };
};

const claimTelling = async (trouble: Trouble, sight: Sight): Promise<Due[]> => {
  const { source } = trouble.notice;
  const waiting = followed(trouble, true, sight) !== trouble;
  if (!waiting) return [];
  const occurrences = await countInLog(source, trouble.kind, new Date(trouble.openedAt), sight.at);
  const standing = await changeTrouble(
    source,
    trouble.kind,
    (found) => found && followed(found, occurrences > (found.telling.counted ?? 1), sight),
  );
  return standing && isMine(standing, sight.by) ? [{ trouble: standing, occurrences }] : [];
};

const claimEscalation = async (trouble: Trouble, sight: Sight): Promise<Due[]> => {
  const { levels, after } = configuration().notifications.escalation;
  const plan = { levels: levels.length, afterSeconds: after };
  if (escalated(trouble, plan, sight) === trouble) return [];
  const { source } = trouble.notice;
  const standing = await changeTrouble(source, trouble.kind, (found) => found && escalated(found, plan, sight));
  if (standing?.escalation?.by !== sight.by || standing.escalation.told) return [];
  const occurrences = await countInLog(source, trouble.kind, new Date(trouble.openedAt), sight.at);
  return [{ trouble: standing, occurrences, level: standing.escalation.level }];
};
