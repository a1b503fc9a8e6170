import { PublishCommand } from '@aws-sdk/client-sns';
import { sns } from '../aws/clients.ts';
import { settings } from '../config/settings.ts';
import { type Message, subjectOf, textOf } from './message.ts';

/** Tells people. Throws when SNS refuses: a message nobody got is a failure of the work that sent it. */
export const notify = async (message: Message): Promise<void> => {
  await sns().send(
    new PublishCommand({
      TopicArn: `${settings().topicArnPrefix}${message.topic}`,
      Subject: subjectOf(message),
      Message: textOf(message),
      MessageAttributes: {
        source: { DataType: 'String', StringValue: message.source },
        severity: { DataType: 'String', StringValue: message.topic },
      },
    }),
  );
};
