import { InvalidParameterException, type MessageAttributeValue } from '@aws-sdk/client-sns';
import type { PolicyStatement } from '../../types.ts';

export interface Topic {
  name: string;
  arn: string;
  attributes: Record<string, string>;
  policy: PolicyStatement[];
  subscriptions: Subscription[];
}

export interface Subscription {
  arn: string;
  protocol: string;
  endpoint: string;
  /** Undefined once confirmed. */
  token: string | undefined;
}

export interface Message {
  id: string;
  topicArn: string;
  text: string;
  /** By protocol, where the publisher gave each its own form; `default` is for the others. */
  texts: Record<string, string> | undefined;
  subject: string | undefined;
  attributes: Record<string, MessageAttributeValue>;
  at: Date;
}

/** SNS quotas and Publish reference, 2026-11. */
const MAX_MESSAGE = 262_144;
const MAX_SUBJECT = 100;

export const invalid = (message: string): InvalidParameterException =>
  new InvalidParameterException({ message: `Invalid parameter: ${message}`, $metadata: {} });

/** A topic without a policy of its own is open to alarms of its account (and, through their own policies, to its roles). */
export const defaultPolicy = (arn: string, account: string): PolicyStatement[] => [
  {
    Sid: '__default_statement_ID',
    Effect: 'Allow',
    Principal: { Service: 'cloudwatch.amazonaws.com' },
    Action: 'SNS:Publish',
    Resource: arn,
    Condition: { StringEquals: { 'AWS:SourceAccount': account } },
  },
];

export const parsePolicy = (text: string): PolicyStatement[] => {
  try {
    const { Statement }: { Statement?: PolicyStatement | PolicyStatement[] } = JSON.parse(text);
    if (!Statement) throw new Error('it has no Statement');
    return [Statement].flat();
  } catch (cause) {
    throw invalid(`Policy Error: ${cause instanceof Error ? cause.message : cause}`);
  }
};

/** @throws InvalidParameterException for what SNS does not take. */
export const checkMessage = ({ text, subject, attributes }: Pick<Message, 'text' | 'subject' | 'attributes'>): void => {
  if (text === '') throw invalid('Empty message');
  const bytes =
    Buffer.byteLength(text) +
    Object.entries(attributes).reduce(
      (total, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
        total + Buffer.byteLength(name + DataType + StringValue) + (BinaryValue?.length ?? 0),
      0,
    );
  if (bytes > MAX_MESSAGE) throw invalid(`Message too long: ${bytes} bytes, more than ${MAX_MESSAGE}`);
  if (subject === undefined) return;
  const printable = /^[A-Za-z0-9!-/:-@[-`{-~][ -~]*$/.test(subject);
  if (!printable || subject.length > MAX_SUBJECT) {
    throw invalid(
      `Subject '${subject}': expected up to ${MAX_SUBJECT} printable ASCII characters on one line, found ${subject.length}`,
    );
  }
};

/** What a publisher says to each protocol. Whatever else the object holds is for protocols nobody knows. */
export const textsOf = (text: string): Record<string, string> => {
  const texts = parsed(text);
  if (typeof texts !== 'object' || texts === null || Array.isArray(texts))
    throw invalid('Message Structure - JSON message body failed to parse');
  const entries = Object.entries(texts).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  if (!entries.some(([protocol]) => protocol === 'default'))
    throw invalid('Message Structure - No default entry in JSON message body');
  return Object.fromEntries(entries);
};

export const textFor = ({ text, texts }: Pick<Message, 'text' | 'texts'>, protocol: string): string =>
  texts ? (texts[protocol] ?? texts.default ?? '') : text;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
