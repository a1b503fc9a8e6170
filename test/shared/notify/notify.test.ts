import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Message, subjectOf, TOPICS, textOf } from '../../../shared/notify/message.ts';
import { notify } from '../../../shared/notify/notify.ts';
import { stubEnvironment } from '../../support/environment.ts';

const message: Message = {
  topic: 'critical',
  what: 'Backup of shop-db failed',
  source: 'shop-db',
  recoveryPoint: 'shop-db-20261120t020000z-scheduled',
  since: new Date('2026-11-20T02:00:00Z'),
  impact: 'The point before it is the newest.',
  evidence: ['method: snapshot', 'found at: 02:10'],
  next: 'Start a snapshot on demand.',
};

describe('a message', () => {
  it('says what, since when, what it means, how one knows, and what to do', () => {
    expect(textOf(message)).toBe(
      `Backup of shop-db failed

Source:  shop-db
Point:   shop-db-20261120t020000z-scheduled
Since:   2026-11-20T02:00:00.000Z
Impact:  The point before it is the newest.

Evidence:
  - method: snapshot
  - found at: 02:10

Next:    Start a snapshot on demand.`,
    );
  });

  it('leaves out what there is not', () => {
    const { recoveryPoint: _, ...rest } = message;
    const text = textOf({ ...rest, evidence: [] });
    expect(text).not.toMatch(/Point:|Evidence:/);
  });

  it('has a subject that SNS takes, whatever it is about', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.constantFrom(...TOPICS), (what, topic) => {
        const subject = subjectOf({ ...message, what, topic });
        // "must be UTF-8 text with no line breaks or control characters, and less than 100 characters long" (SNS, Publish).
        expect(subject).toMatch(/^\[[a-z]+\] [\x20-\x7e]*$/);
        expect(subject.length).toBeLessThan(100);
      }),
    );
    expect(subjectOf(message)).toBe('[critical] Backup of shop-db failed');
  });
});

describe('telling people', () => {
  const sns = mockClient(SNSClient);
  beforeEach(() => {
    stubEnvironment();
    sns.reset();
  });

  it('publishes to the topic of its severity, with source and severity to filter by', async () => {
    sns.on(PublishCommand).resolves({ MessageId: 'm' });
    await notify(message);
    expect(sns.commandCalls(PublishCommand).map(({ args }) => args[0].input)).toEqual([
      {
        TopicArn: 'arn:aws:sns:us-east-1:111122223333:lifeboat-shop-test-critical',
        Subject: '[critical] Backup of shop-db failed',
        Message: textOf(message),
        MessageAttributes: {
          source: { DataType: 'String', StringValue: 'shop-db' },
          severity: { DataType: 'String', StringValue: 'critical' },
        },
      },
    ]);
  });

  it('throws when SNS refuses: a message nobody got is a failure of the work that sent it', async () => {
    sns.on(PublishCommand).rejects(new Error('KMSDisabled'));
    await expect(notify(message)).rejects.toThrow('KMSDisabled');
  });
});
