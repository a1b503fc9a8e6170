// Slack's incoming webhooks take {text, blocks} and cannot confirm a subscription of SNS; PagerDuty's Events API v2 wants
// its own form and a key in the body. So this function subscribes, and posts to both.
import { z } from 'zod';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { forwardedKey } from '../../shared/notify/journal.ts';
import type { Notice } from '../../shared/notify/message.ts';
import { withVault } from '../../shared/notify/patience.ts';
import { isWebhook, subscribersByTopic, type Webhook } from '../../shared/notify/routes.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import { MessagesUntold } from './errors.ts';
import { noticeIn } from './incoming.ts';
import { pagerDutyEvent } from './pagerduty.ts';
import { slackMessage } from './slack.ts';
import { PAGERDUTY, post, SLACK } from './webhooks.ts';

/** The envelope is AWS's and grows; ours to be strict about is what we read of it (Lambda guide, "SNS", 2026-11). */
export const SnsEvent = z.looseObject({
  Records: z
    .array(
      z.looseObject({
        EventSource: z.literal('aws:sns'),
        Sns: z.looseObject({
          MessageId: z.string().regex(/^[\w-]{1,64}$/),
          TopicArn: z.string().startsWith('arn:'),
          Subject: z.string().nullish(),
          Message: z.string(),
          Timestamp: z.iso.datetime(),
        }),
      }),
    )
    .min(1),
});

/**
 * A webhook that took the message is noted, so that the retry of another's failure does not post it there again.
 * @throws {MessagesUntold} naming the webhooks that did not take it: Lambda tries twice more.
 */
export const forward = async ({ Records }: z.output<typeof SnsEvent>): Promise<{ posted: number }> => {
  const failures: string[] = [];
  let posted = 0;
  for (const { Sns: delivery } of Records) {
    const notice = noticeIn(delivery);
    for (const webhook of webhooksOf(delivery.TopicArn)) {
      const key = forwardedKey(delivery.MessageId, Object.values(webhook).join(''));
      if (await withVault(() => findDocument(key, Taken))) continue;
      try {
        await postTo(webhook, notice);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
        continue;
      }
      posted += 1;
      await withVault(() => openDocument(key, Taken, { topic: delivery.TopicArn }));
    }
  }
  logger.info('messages forwarded', { posted, failed: failures.length });
  if (failures.length === 0) return { posted };
  throw new MessagesUntold('a webhook did not take a message.', {
    source: 'notification',
    found: failures,
    next: 'It is tried twice more; mend what is named above, the message itself stands in the vault.',
  });
};

const Taken = z.strictObject({ topic: z.string() });

const webhooksOf = (topicArn: string): Webhook[] => {
  const topic = topicArn.replace(settings().topicArnPrefix, '');
  return (subscribersByTopic(configuration().notifications).get(topic) ?? []).filter(isWebhook);
};

const postTo = (webhook: Webhook, notice: Notice): Promise<void> =>
  'slack' in webhook
    ? post(webhook.slack, SLACK, () => slackMessage(notice))
    : post(webhook.pagerduty, PAGERDUTY, ({ routingKey }) => pagerDutyEvent(notice, routingKey));
