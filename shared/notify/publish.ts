import { PublishCommand } from '@aws-sdk/client-sns';
import { sns } from '../aws/clients.ts';
import { settings } from '../config/settings.ts';
import { type Notice, smsOf, subjectOf, textOf } from './message.ts';

/**
 * One message in each protocol's form: text for people, a short text for telephones, JSON for machines. Where SNS has no
 * form for a protocol, it takes `default` (SNS API reference, Publish, MessageStructure, 2026-11).
 * Throws when SNS refuses: a message nobody got is a failure of the work that sent it.
 */
export const publish = async (topic: string, notice: Notice): Promise<void> => {
  const json = JSON.stringify(notice);
  const attribute = (StringValue: string) => ({ DataType: 'String', StringValue });
  await sns().send(
    new PublishCommand({
      TopicArn: `${settings().topicArnPrefix}${topic}`,
      Subject: subjectOf(notice),
      MessageStructure: 'json',
      Message: JSON.stringify({ default: textOf(notice), sms: smsOf(notice), http: json, https: json, lambda: json }),
      MessageAttributes: {
        source: attribute(notice.source),
        severity: attribute(notice.topic),
        state: attribute(notice.state),
      },
    }),
  );
};
