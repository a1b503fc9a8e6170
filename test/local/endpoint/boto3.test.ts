import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isInstalled, python } from './clients.ts';
import { createTestWorld, type TestWorld } from './regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

describe.runIf(isInstalled('python3', '-c', 'import boto3'))('boto3', () => {
  it('does its everyday work, unmodified', async () => {
    const printed = await python(test.east, join(import.meta.dirname, 'everyday.py'), test.directory);
    expect(JSON.parse(printed)).toEqual({
      identity: 'arn:aws:iam::111122223333:user/operator',
      plaintext: [0, 255],
      created: true,
      'wrong context': ['InvalidCiphertextException', 'InvalidCiphertextException', 400],
      snapshots: [],
      'no snapshot': ['DBSnapshotNotFoundFault', 'DBSnapshotNotFound', 404],
      topic: 'é <&>',
      published: 36,
      metrics: ['Age'],
      'no function': ['ResourceNotFoundException', 'ResourceNotFoundException', 404],
      'same bytes': true,
      head: [10_485_760, { one: '1' }, true],
      range: '234',
      listed: [['n/0 é', 'n/1 é'], ['n/2 é']],
      link: 300_000,
      location: null,
      'no key': ['NoSuchKey', 'NoSuchKey', 404],
      'no head': ['ClientError', '404', 404],
      taken: ['ClientError', 'PreconditionFailed', 412],
      deleted: 2,
    });
  });
});
