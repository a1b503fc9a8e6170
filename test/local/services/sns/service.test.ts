import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLambda, type Lambda } from '../../../../local/services/lambda/service.ts';
import { createSns, type Sns } from '../../../../local/services/sns/service.ts';
import { createFunction, RECORDER } from '../lambda/functions.ts';
import { ACCOUNT, createRegions, settle, type TestWorld } from '../lambda/regions.ts';

let world: TestWorld;
const TopicArn = `arn:aws:sns:us-east-1:${ACCOUNT}:critical`;
const sns = (): Sns => world.home.services.get('sns') as Sns;
const subscribe = (Protocol: string, Endpoint: string, Attributes = {}) =>
  world.call('sns', 'Subscribe', { TopicArn, Protocol, Endpoint, Attributes });
const publish = (Message: string, more: object = {}) => world.call('sns', 'Publish', { TopicArn, Message, ...more });

beforeEach(async () => {
  world = createRegions([createLambda, createSns]);
  await world.call('sns', 'CreateTopic', { Name: 'critical' });
});
afterEach(() => world.close());

describe('a topic', () => {
  it('brings messages to the inbox of everybody who subscribed by e-mail', async () => {
    await subscribe('email', 'a@example.com');
    await subscribe('email', 'b@example.com');
    await subscribe('email', 'a@example.com');
    await publish('The database is gone.', { Subject: 'shop-db' });
    expect(sns().inbox()).toMatchObject([
      {
        topicArn: TopicArn,
        address: 'a@example.com',
        subject: 'shop-db',
        message: 'The database is gone.',
        at: expect.any(Date),
      },
      { address: 'b@example.com' },
    ]);
    const lines = readFileSync(path.join(world.home.directory, 'sns', 'inbox.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).address)).toEqual(['a@example.com', 'b@example.com']);
  });

  it('brings messages to functions whose policy lets it', async () => {
    const arn = await createFunction(world, 'worker', RECORDER);
    await world.call('lambda', 'AddPermission', {
      ...{
        FunctionName: 'worker',
        StatementId: 'sns',
        Action: 'lambda:InvokeFunction',
        Principal: 'sns.amazonaws.com',
        SourceArn: TopicArn,
      },
    });
    await subscribe('lambda', arn);
    await publish('hello', { MessageAttributes: { kind: { DataType: 'String', StringValue: 'test' } } });
    await settle(world);
    const [line = ''] = (world.home.services.get('lambda') as Lambda)
      .logs('worker')
      .filter((text) => text.startsWith('got '));
    expect(JSON.parse(line.slice(4))).toMatchObject({
      Records: [
        {
          EventSource: 'aws:sns',
          Sns: { TopicArn, Message: 'hello', MessageAttributes: { kind: { Type: 'String', Value: 'test' } } },
        },
      ],
    });
  });

  it.each([
    ['a subject of more than 100 characters', { Subject: 'x'.repeat(101) }, /Subject/],
    ['a subject of two lines', { Subject: 'a\nb' }, /Subject/],
    ['a subject that begins with a space', { Subject: ' a' }, /Subject/],
    ['an empty message', { Message: '' }, /Empty message/],
    ['a message of more than 256 KB', { Message: 'x'.repeat(262_145) }, /too long/],
    ['a structure nobody knows', { MessageStructure: 'xml' }, /MessageStructure/],
    ['a structure that is no JSON', { MessageStructure: 'json' }, /failed to parse/],
    ['a structure that is no object', { MessageStructure: 'json', Message: '["default"]' }, /failed to parse/],
    ['a structure without a default', { MessageStructure: 'json', Message: '{"sms":"a"}' }, /No default entry/],
  ])('refuses %s', async (_, more, message) => {
    await subscribe('email', 'a@example.com');
    await expect(publish('text', more)).rejects.toThrow(message);
    await expect(publish('text', more)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    expect(sns().inbox()).toEqual([]);
  });

  it('refuses queues, filters, and topics that do not exist', async () => {
    await expect(subscribe('email', 'a@example.com', { FilterPolicy: '{"a":[1]}' })).rejects.toThrow(/FilterPolicy/);
    await expect(subscribe('sqs', `arn:aws:sqs:us-east-1:${ACCOUNT}:q`)).rejects.toThrow(/Protocol sqs/);
    await expect(world.call('sns', 'Publish', { TopicArn: `${TopicArn}x`, Message: 'a' })).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });

  it('is open to alarms of its account by itself, and to what its policy says', async () => {
    const as = (service: string) =>
      world.home.call(
        'sns',
        'Publish',
        { TopicArn, Message: 'a' },
        { arn: 'arn:aws:x:us-east-1:1:y', account: ACCOUNT, service: `${service}.amazonaws.com` },
      );
    await expect(as('cloudwatch')).resolves.toHaveProperty('MessageId');
    await expect(as('events')).rejects.toThrow(/not authorized to perform: sns:Publish/);
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'sns:Publish',
      Resource: TopicArn,
    };
    await world.call('sns', 'SetTopicAttributes', {
      TopicArn,
      AttributeName: 'Policy',
      AttributeValue: JSON.stringify({ Statement }),
    });
    await expect(as('events')).resolves.toHaveProperty('MessageId');
    await expect(as('cloudwatch')).rejects.toThrow(/not authorized/);
  });

  it('with a key takes only publishers that may use the key', async () => {
    const asked: string[] = [];
    const key = (operation: string) => async () => {
      asked.push(operation);
      return { CiphertextBlob: Buffer.from('x') };
    };
    world.home.services.set('kms', {
      ...{ signingName: 'kms', iamPrefix: 'kms', sdk: {}, clientName: '' },
      operations: { GenerateDataKey: key('GenerateDataKey'), Decrypt: key('Decrypt') },
      authorize: (operation) => [{ action: `kms:${operation}`, resource: 'arn:aws:kms:us-east-1:111122223333:key/k' }],
    });
    await world.call('sns', 'SetTopicAttributes', { TopicArn, AttributeName: 'KmsMasterKeyId', AttributeValue: 'k' });
    await subscribe('email', 'a@example.com');
    const as = (actions: string[]) => {
      const statements = actions.map((Action) => ({ Effect: 'Allow' as const, Action, Resource: '*' }));
      const role = world.role('publisher', 'lambda.amazonaws.com', statements);
      const caller = world.iam.assume(role, 'lambda.amazonaws.com', { actor: 'fn' });
      return world.home.call('sns', 'Publish', { TopicArn, Message: 'a' }, caller);
    };
    await expect(as(['sns:Publish'])).rejects.toMatchObject({ name: 'KMSAccessDeniedException' });
    await expect(as(['sns:Publish', 'kms:GenerateDataKey'])).rejects.toMatchObject({
      name: 'KMSAccessDeniedException',
    });
    expect(sns().inbox()).toEqual([]);
    await as(['sns:Publish', 'kms:GenerateDataKey', 'kms:Decrypt']);
    expect(sns().inbox()).toHaveLength(1);
    expect(asked).toEqual(['GenerateDataKey', 'GenerateDataKey', 'Decrypt']);
  });
});

describe('a message with a form for each protocol', () => {
  const text = JSON.stringify({ default: 'for all', sms: 'short', lambda: '{"a":1}', unheardOf: 'x', wrong: 1 });

  it('reaches each subscriber in its own form, and the others in the default one', async () => {
    await subscribe('email', 'a@example.com');
    await subscribe('sms', '+15550100');
    await subscribe('lambda', await createFunction(world, 'worker', RECORDER));
    await world.call('lambda', 'AddPermission', {
      ...{ FunctionName: 'worker', StatementId: 's', Action: 'lambda:InvokeFunction' },
      Principal: 'sns.amazonaws.com',
    });
    await publish(text, { MessageStructure: 'json', Subject: 'subject' });
    await settle(world);
    expect(sns().inbox()).toMatchObject([
      { protocol: 'email', address: 'a@example.com', subject: 'subject', message: 'for all' },
      { protocol: 'sms', address: '+15550100', message: 'short' },
    ]);
    const logs = (world.home.services.get('lambda') as Lambda).logs('worker');
    expect(JSON.parse(logs.find((line) => line.startsWith('got '))?.slice(4) ?? '').Records[0].Sns.Message).toBe(
      '{"a":1}',
    );
  });

  it('needs a telephone number that is one', async () => {
    await expect(subscribe('sms', '555-0100')).rejects.toThrow(/SMS endpoint/);
  });
});

describe('an e-mail address', () => {
  it('that gets more than ten messages in a second has to confirm again, and gets no more', async () => {
    await subscribe('email', 'a@example.com');
    for (let count = 0; count < 12; count++) await publish(`message ${count}`);
    expect(sns().inbox()).toHaveLength(10);
    const { Subscriptions } = await world.call('sns', 'ListSubscriptionsByTopic', { TopicArn });
    expect(Subscriptions).toMatchObject([{ SubscriptionArn: 'PendingConfirmation' }]);
    await world.advance(60_000);
    await publish('later');
    expect(sns().inbox()).toHaveLength(10);
  });

  it('keeps getting ten a second', async () => {
    await subscribe('email', 'a@example.com');
    for (let second = 0; second < 3; second++) {
      for (let count = 0; count < 10; count++) await publish(`message ${count}`);
      await world.advance(1000);
    }
    expect(sns().inbox()).toHaveLength(30);
  });
});

describe('an HTTP subscriber', () => {
  let server: Server;
  let endpoint: string;
  let status = 200;
  const bodies: { type: string | undefined; body: Record<string, string> }[] = [];
  beforeEach(async () => {
    bodies.length = 0;
    status = 200;
    server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      bodies.push({ type: request.headers['x-amz-sns-message-type']?.toString(), body: JSON.parse(text) });
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is asked first, and gets messages once it confirmed, again where it fails', async () => {
    expect(await subscribe('http', endpoint)).toEqual({ SubscriptionArn: 'pending confirmation' });
    await settle(world);
    await publish('too early');
    await settle(world);
    expect(bodies).toMatchObject([{ type: 'SubscriptionConfirmation', body: { TopicArn } }]);
    await expect(world.call('sns', 'ConfirmSubscription', { TopicArn, Token: 'wrong' })).rejects.toThrow(/Token/);
    await world.call('sns', 'ConfirmSubscription', { TopicArn, Token: bodies[0]?.body.Token });
    status = 500;
    await publish('hello');
    await settle(world);
    status = 200;
    await world.advance(60_000);
    expect(bodies.slice(1)).toMatchObject([
      { type: 'Notification', body: { Message: 'hello' } },
      { type: 'Notification', body: { Message: 'hello' } },
    ]);
  });
});
