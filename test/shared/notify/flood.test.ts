// Ten thousand failures in a minute, through the real sender. The bucket is a map behind S3Client.send: a stub that
// remembers every call would be what is measured.
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { NoSuchKey, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { PublishCommand, type PublishInput, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { messagesBefore } from '../../../functions/reports/messages.ts';
import { notify, recovered } from '../../../shared/notify/notify.ts';
import { stubEnvironment } from '../../support/environment.ts';
import { type Message, messageOf } from '../../support/platform.ts';
import { watchTelemetry } from '../../support/telemetry.ts';

interface Input {
  Key: string;
  Body: string;
  IfNoneMatch?: string;
  IfMatch?: string;
  Prefix: string;
  StartAfter?: string;
}

const objects = new Map<string, string>();
const etag = (body: string): string => createHash('md5').update(body).digest('hex');
const $metadata = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

const put = ({ Key, Body, IfNoneMatch, IfMatch }: Input) => {
  const standing = objects.get(Key);
  const refused = (IfNoneMatch && standing !== undefined) || (IfMatch && etag(standing ?? '') !== IfMatch);
  if (refused) throw new S3ServiceException({ name: 'PreconditionFailed', $fault: 'client', ...$metadata(412) });
  objects.set(Key, Body);
  return {};
};
const get = ({ Key }: Input) => {
  const body = objects.get(Key);
  if (body === undefined) throw new NoSuchKey({ message: Key, ...$metadata(404) });
  return { ETag: etag(body), Body: { transformToString: async () => body } };
};
const list = ({ Prefix, StartAfter = '' }: Input) => ({
  Contents: [...objects.keys()]
    .filter((key) => key.startsWith(Prefix) && key > StartAfter)
    .sort()
    .map((Key) => ({ Key })),
});

const messages: Message[] = [];
beforeEach(() => {
  stubEnvironment();
  watchTelemetry();
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-20T02:00:00Z') });
  vi.spyOn(S3Client.prototype, 'send').mockImplementation((async (command: {
    constructor: { name: string };
    input: Input;
  }) => {
    await setImmediate();
    const { name } = command.constructor;
    return name === 'PutObjectCommand'
      ? put(command.input)
      : name === 'GetObjectCommand'
        ? get(command.input)
        : list(command.input);
  }) as never);
  mockClient(SNSClient)
    .on(PublishCommand)
    .callsFake((input: PublishInput) => {
      messages.push(messageOf(input));
      return { MessageId: 'm' };
    });
});
afterEach(() => void vi.useRealTimers());

it('makes ten messages or fewer of 10 000 failures in a minute, keeps every one, and counts them when they end', async () => {
  const fail = (index: number) =>
    notify({
      topic: index % 4 === 0 ? 'warning' : 'critical',
      what: `Failure ${index}`,
      source: `source-${index % 20}`,
      since: new Date(),
      impact: 'x',
      evidence: [],
      next: 'x',
      trouble: index % 2 ? 'snapshot-failed' : 'copy-failed',
    });
  for (let second = 0; second < 60; second++) {
    vi.setSystemTime(new Date(Date.parse('2026-11-20T02:00:30Z') + second * 1000));
    await Promise.all(Array.from({ length: second < 40 ? 167 : 166 }, (_, index) => fail(second * 167 + index)));
  }
  expect(messages.length).toBeGreaterThanOrEqual(4);
  expect(messages.length).toBeLessThanOrEqual(10);
  const kept = [...objects.keys()].filter((key) => key.includes('/log/'));
  expect(kept).toHaveLength(10_000);
  const reported = await messagesBefore(new Date());
  expect(reported.reduce((sum, { count }) => sum + count, 0)).toBe(10_000);

  const { source } = messages[0]?.notice ?? expect.unreachable();
  const trouble = messages[0]?.notice.id?.split('.')[1] ?? '';
  const same = kept.filter((key) => key.includes(`/${source}/${trouble}/`)).length;
  expect(same).toBeGreaterThan(400);
  await recovered({ source, trouble });
  expect(messages.at(-1)?.notice).toMatchObject({ state: 'recovered', repeats: same - 1 });
}, 120_000);
