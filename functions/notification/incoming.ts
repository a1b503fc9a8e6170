// What arrives over SNS, as one kind of thing: our own messages, alarms of CloudWatch, and plain text of whoever else.
import { z } from 'zod';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { Notice, noticeOf } from '../../shared/notify/message.ts';
import { TOPICS, type Topic } from '../../shared/notify/topics.ts';

interface Incoming {
  TopicArn: string;
  Subject?: string | null | undefined;
  Message: string;
  Timestamp: string;
}

/** What CloudWatch sends (user guide, "Notifying users on alarm changes", 2026-11). */
const Alarm = z.looseObject({
  AlarmName: z.string(),
  AlarmDescription: z.string().nullish(),
  NewStateValue: z.enum(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
  NewStateReason: z.string(),
  StateChangeTime: z.string(),
});

export const noticeIn = (incoming: Incoming): Notice => {
  const content = parsed(incoming.Message);
  const ours = Notice.safeParse(content);
  if (ours.success) return ours.data;
  const alarm = Alarm.safeParse(content);
  return alarm.success ? ofAlarm(alarm.data, incoming) : ofText(incoming);
};

const STATE = { ALARM: 'begun', OK: 'recovered', INSUFFICIENT_DATA: 'news' } as const;

const ofAlarm = (alarm: z.output<typeof Alarm>, incoming: Incoming): Notice => {
  const { AlarmName, AlarmDescription, NewStateValue, NewStateReason, StateChangeTime } = alarm;
  const { region } = settings();
  const at = new Date(StateChangeTime.replace(/\+0000$/, 'Z'));
  return {
    ...plain(incoming),
    state: STATE[NewStateValue],
    id: `alarm.${AlarmName}`,
    what: `${AlarmName}: ${AlarmDescription ?? 'no description'}`,
    source: AlarmName,
    since: (Number.isNaN(at.getTime()) ? new Date(incoming.Timestamp) : at).toISOString(),
    impact: NewStateReason,
    next:
      NewStateValue === 'OK'
        ? 'Nothing, unless it comes back.'
        : `Look at the metric: aws cloudwatch describe-alarms --region ${region} --alarm-names ${AlarmName}`,
  };
};

const ofText = (incoming: Incoming): Notice => ({
  ...plain(incoming),
  evidence: incoming.Message.split('\n').slice(0, 40),
});

const plain = ({ TopicArn, Subject, Message, Timestamp }: Incoming): Notice => {
  const { region, topicArnPrefix } = settings();
  const topic = TopicArn.replace(topicArnPrefix, '');
  return noticeOf(
    {
      topic: TOPICS.find((known): known is Topic => known === topic) ?? 'info',
      what: Subject ?? Message.split('\n')[0]?.slice(0, 200) ?? '',
      source: topic,
      since: new Date(Timestamp),
      impact: 'See below.',
      evidence: [],
      next: 'Read the message.',
    },
    { platform: configuration().platform, region },
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // plain text
    throw error;
  }
};
