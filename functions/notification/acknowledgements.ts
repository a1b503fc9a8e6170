import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { changeTrouble } from '../../shared/notify/journal.ts';
import { publish } from '../../shared/notify/publish.ts';
import { escalationTopic } from '../../shared/notify/topics.ts';
import { acknowledged, NoticeUnknown, parseTroubleId, type Trouble } from '../../shared/notify/trouble.ts';
import { logger } from '../../shared/telemetry/logger.ts';

export const AcknowledgeRequest = z.strictObject({
  id: z.string().max(200),
  by: z
    .string()
    .trim()
    .regex(/^[^<>\p{Cc}]{1,100}$/u, 'your name, without < and >'),
});

export interface Acknowledged {
  id: string;
  what: string;
  status: Trouble['status'];
  /** Who takes care of it, and since when; null where it was over before anybody did. */
  by: string | null;
  at: string | null;
}

/** @throws {NoticeUnknown} where no message has this id. */
export const acknowledge = async ({ id, by }: z.output<typeof AcknowledgeRequest>): Promise<Acknowledged> => {
  const { source, kind } = parseTroubleId(id);
  const at = now();
  let first = false;
  const standing = await changeTrouble(source, kind, (found) => {
    if (found?.id !== id || found.status === 'recovered') return found;
    const changed = acknowledged(found, by, at);
    first = changed !== found;
    return changed;
  });
  if (standing?.id !== id) throw unknown(id, standing);
  if (first) await tellOthers(standing, by, at);
  logger.info('acknowledged', { notice: id, by, first });
  const { notice, status, acknowledged: who } = standing;
  return { id, what: notice.what, status, by: who?.by ?? null, at: who?.at ?? null };
};

/** Those who were told hear that somebody takes care. It is recorded already: if SNS refuses, nothing is lost but this. */
const tellOthers = async ({ id, notice, escalation }: Trouble, by: string, at: Date): Promise<void> => {
  const levels = Array.from({ length: escalation?.level ?? 0 }, (_, index) => escalationTopic(index + 1));
  for (const topic of [notice.topic, ...levels]) {
    try {
      await publish(topic, {
        ...notice,
        id,
        state: 'acknowledged',
        evidence: [`acknowledged by ${by} at ${at.toISOString()}`],
        next: `${by} takes care of it.`,
        nextUpdate: 'when it is over',
      });
    } catch (error) {
      logger.warn('acknowledgement not told', error as Error);
    }
  }
};

const unknown = (id: string, standing: Trouble | undefined): NoticeUnknown =>
  new NoticeUnknown('no message that stands has this id.', {
    source: 'notification',
    expected: id,
    found: standing ? `a later one: ${standing.id}` : 'none of this source and kind',
    next: standing
      ? 'Acknowledge the later one.'
      : 'Copy the id from the end of the message, and use the region it names.',
  });
