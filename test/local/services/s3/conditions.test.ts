import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, START, type TestWorld } from './region.ts';

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  await bucketIn(world.east, 'vault');
});
afterEach(() => world[Symbol.asyncDispose]());

const put = (Body: unknown, more: object = {}) => call('PutObject', { Bucket: 'vault', Key: 'k', Body, ...more });

/** A body that waits in the middle until it is let go. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const body = Readable.from(
    (async function* () {
      yield Buffer.from('first half, ');
      await promise;
      yield Buffer.from('second half');
    })(),
  );
  return { body, release: resolve };
};

describe('s3 conditional writes', () => {
  it('create only what is not there', async () => {
    await put('one', { IfNoneMatch: '*' });
    await expect(put('two', { IfNoneMatch: '*' })).rejects.toMatchObject({ code: 'PreconditionFailed', status: 412 });
    await call('DeleteObject', { Bucket: 'vault', Key: 'k' });
    await put('three', { IfNoneMatch: '*' });
  });

  it('replace only what was read', async () => {
    const { ETag } = await put('one');
    await put('two', { IfMatch: ETag });
    await expect(put('three', { IfMatch: ETag })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    await call('DeleteObject', { Bucket: 'vault', Key: 'k' });
    await expect(put('four', { IfMatch: ETag })).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('let exactly one of many win', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) => put(`writer ${n}`, { IfNoneMatch: '*' })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const { Versions } = await call('ListObjectVersions', { Bucket: 'vault' });
    expect(Versions).toHaveLength(1);
  });

  it('lose to a write that appeared while their body was still on its way', async () => {
    const { body, release } = held();
    const slow = put(body, { IfNoneMatch: '*' });
    await put('fast', { IfNoneMatch: '*' });
    release();
    await expect(slow).rejects.toMatchObject({ code: 'PreconditionFailed' });
  });

  it('conflict with a delete that came while their body was still on its way', async () => {
    const { ETag } = await put('one');
    const { body, release } = held();
    const slow = put(body, { IfMatch: ETag });
    await call('DeleteObject', { Bucket: 'vault', Key: 'k' });
    release();
    await expect(slow).rejects.toMatchObject({ code: 'ConditionalRequestConflict', status: 409 });
  });

  it('are refused before the body is read', async () => {
    await put('one');
    const { body } = held();
    await expect(put(body, { IfNoneMatch: '*' })).rejects.toMatchObject({ code: 'PreconditionFailed' });
    expect(body.readableDidRead).toBe(false);
    body.destroy();
  });
});

describe('s3 conditional reads', () => {
  it('answer 304 and 412 by ETag and time', async () => {
    const { ETag } = await put('one');
    const get = (condition: object) => call('HeadObject', { Bucket: 'vault', Key: 'k', ...condition });
    const before = new Date(START.getTime() - 5000);

    await expect(get({ IfNoneMatch: ETag })).rejects.toMatchObject({ status: 304 });
    await expect(get({ IfModifiedSince: START })).rejects.toMatchObject({ status: 304 });
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ status: 412 });
    await expect(get({ IfUnmodifiedSince: before })).rejects.toMatchObject({ status: 412 });
    await get({ IfMatch: ETag, IfUnmodifiedSince: before });
    await get({ IfNoneMatch: '"other"', IfModifiedSince: START });
  });
});
