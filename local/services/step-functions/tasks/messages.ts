import type { Json, JsonObject } from '../language/definition.ts';
import { StateError } from '../language/errors.ts';
import { type Integration, request, unknownArguments } from './integration.ts';

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** `arn:aws:states:::sns:publish`: a Message that is no string goes out as JSON. */
export const snsPublish = (waitsFor: 'request' | 'token'): Integration => ({
  waitsFor,
  resourceType: 'sns',
  resource: waitsFor === 'token' ? 'publish.waitForTaskToken' : 'publish',
  faults: (args) =>
    unknownArguments(
      args,
      [
        'TopicArn',
        'Message',
        'Subject',
        'MessageAttributes',
        'MessageStructure',
        'MessageGroupId',
        'MessageDeduplicationId',
      ],
      ['TopicArn', 'Message'],
    ),
  async call(run, args) {
    const { Message, ...rest } = args as JsonObject;
    const naming = { title: 'SNS', other: 'AmazonSNSException' };
    const { MessageId } = await request<{ MessageId: string }>(run, naming, ['sns', 'Publish'], {
      ...rest,
      Message: text(Message),
    });
    return { MessageId };
  },
});

interface PutEvents {
  FailedEntryCount?: number;
  Entries?: { EventId?: string; ErrorCode?: string; ErrorMessage?: string }[];
}

/** `arn:aws:states:::events:putEvents`: an entry that the bus refuses fails the Task. */
export const putEvents = (waitsFor: 'request' | 'token'): Integration => ({
  waitsFor,
  resourceType: 'events',
  resource: waitsFor === 'token' ? 'putEvents.waitForTaskToken' : 'putEvents',
  faults: (args) => unknownArguments(args, ['Entries'], ['Entries']),
  async call(run, args) {
    const entries = ((args as JsonObject).Entries ?? []) as JsonObject[];
    const naming = { title: 'EventBridge', other: 'AmazonEventBridgeException' };
    const { FailedEntryCount = 0, Entries = [] } = await request<PutEvents>(run, naming, ['events', 'PutEvents'], {
      Entries: entries.map((entry) => ({ ...entry, Detail: text(entry.Detail) })),
    });
    if (FailedEntryCount > 0) throw new StateError('EventBridge.FailedEntry', JSON.stringify(Entries));
    return JSON.parse(JSON.stringify({ FailedEntryCount, Entries }));
  },
});
