// Brings messages to subscribers: to the inbox for e-mail, over HTTP, to functions.
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Region } from '../../types.ts';
import { recordMetric } from '../cloudwatch/record.ts';
import { sendWithRetries } from '../eventbridge/retries.ts';
import { type Message, type Subscription, type Topic, textFor } from './topics.ts';

/** An e-mail, or a text message to a telephone. */
export interface Mail {
  topicArn: string;
  protocol: string;
  address: string;
  /** What SNS puts there where the publisher gave none. */
  subject: string;
  message: string;
  at: Date;
}

/** SNS tries an HTTP endpoint 50 times over an hour where no delivery policy says otherwise (SNS developer guide, 2026-11). */
const HTTP_RETRIES = { MaximumRetryAttempts: 49, MaximumEventAgeInSeconds: 3600 };
const HTTP_TIMEOUT_MS = 15_000;
/** An address that gets more in a second has to confirm again (SNS developer guide, "Email subscription setup", 2026-11). */
const MAILS_A_SECOND = 10;

export const createDelivery = (region: Region, inbox: Mail[]) => {
  const directory = path.join(region.directory, 'sns');
  mkdirSync(directory, { recursive: true });

  const mail = (subscription: Subscription, message: Message): void => {
    const { protocol, endpoint } = subscription;
    const { topicArn, subject, at } = message;
    if (protocol !== 'sms' && isTooMuch(inbox, topicArn, endpoint, at)) {
      subscription.token = randomUUID().replaceAll('-', '');
      return;
    }
    const item: Mail = {
      topicArn,
      protocol,
      address: endpoint,
      subject: protocol === 'sms' ? '' : (subject ?? 'AWS Notification Message'),
      message: textFor(message, protocol),
      at,
    };
    inbox.push(item);
    appendFileSync(path.join(directory, 'inbox.jsonl'), `${JSON.stringify(item)}\n`);
  };

  const post = async (subscription: Subscription, type: string, body: object): Promise<void> => {
    const response = await fetch(subscription.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'text/plain; charset=UTF-8',
        'x-amz-sns-message-type': type,
        'x-amz-sns-subscription-arn': subscription.arn,
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(HTTP_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${subscription.endpoint} answered ${response.status}.`);
  };

  const envelope = (message: Message, protocol: string): Record<string, unknown> => ({
    Type: 'Notification',
    MessageId: message.id,
    TopicArn: message.topicArn,
    ...(message.subject !== undefined && { Subject: message.subject }),
    Message: textFor(message, protocol),
    Timestamp: message.at.toISOString(),
    MessageAttributes: Object.fromEntries(
      Object.entries(message.attributes).map(([name, { DataType, StringValue }]) => [
        name,
        { Type: DataType, Value: StringValue },
      ]),
    ),
  });

  const invoke = async ({ arn, endpoint }: Subscription, message: Message): Promise<void> => {
    const caller = { arn: message.topicArn, account: region.account, service: 'sns.amazonaws.com' };
    const record = {
      EventSource: 'aws:sns',
      EventVersion: '1.0',
      EventSubscriptionArn: arn,
      Sns: envelope(message, 'lambda'),
    };
    const Payload = Buffer.from(JSON.stringify({ Records: [record] }));
    await region.call('lambda', 'Invoke', { FunctionName: endpoint, InvocationType: 'Event', Payload }, caller);
  };

  const send = (topic: Topic, subscription: Subscription, once: () => Promise<void>): void => {
    const failed = (): void =>
      recordMetric(region, 'AWS/SNS', 'NumberOfNotificationsFailed', 1, { TopicName: topic.name });
    const policy = subscription.protocol.startsWith('http') ? HTTP_RETRIES : undefined;
    void sendWithRetries({
      region,
      reason: `message to ${subscription.endpoint}`,
      policy,
      send: once,
      onGivenUp: failed,
    });
  };

  return {
    publish: (topic: Topic, message: Message): void => {
      for (const subscription of topic.subscriptions) {
        if (subscription.token) continue;
        if (/^email|^sms/.test(subscription.protocol)) mail(subscription, message);
        else if (subscription.protocol === 'lambda') send(topic, subscription, () => invoke(subscription, message));
        else
          send(topic, subscription, () => post(subscription, 'Notification', envelope(message, subscription.protocol)));
      }
    },
    /** Asks an HTTP endpoint whether it wants the messages; it answers with ConfirmSubscription and the token. */
    askToConfirm: (topic: Topic, subscription: Subscription): void =>
      send(topic, subscription, () =>
        post(subscription, 'SubscriptionConfirmation', {
          Type: 'SubscriptionConfirmation',
          Token: subscription.token,
          TopicArn: topic.arn,
          Message: `You have chosen to subscribe to the topic ${topic.arn}. Confirm with ConfirmSubscription and the token.`,
          Timestamp: region.clock.now().toISOString(),
        }),
      ),
  };
};

const isTooMuch = (inbox: readonly Mail[], topicArn: string, address: string, at: Date): boolean =>
  inbox.filter(
    (mail) => mail.topicArn === topicArn && mail.address === address && at.getTime() - mail.at.getTime() < 1000,
  ).length >= MAILS_A_SECOND;
