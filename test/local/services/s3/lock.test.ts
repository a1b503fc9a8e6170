import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketIn, createTestWorld, DAY, START, type TestWorld } from './region.ts';

let world: TestWorld;
let call: TestWorld['east']['call'];
beforeEach(async () => {
  world = await createTestWorld();
  ({ call } = world.east);
  await bucketIn(world.east, 'vault', { locked: true });
});
afterEach(() => world[Symbol.asyncDispose]());

const inDays = (days: number) => new Date(START.getTime() + days * DAY);
const put = async (more: object = {}) => {
  const { VersionId } = await call('PutObject', { Bucket: 'vault', Key: 'k', Body: 'x', ...more });
  return { Bucket: 'vault', Key: 'k', VersionId };
};
const retain = (Mode: string, RetainUntilDate: Date) => ({
  ObjectLockMode: Mode,
  ObjectLockRetainUntilDate: RetainUntilDate,
});
const refused = { code: 'AccessDenied', status: 403 };

describe('s3 object lock', () => {
  it('gives new objects the bucket’s retention, during which no version goes', async () => {
    await call('PutObjectLockConfiguration', {
      Bucket: 'vault',
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 30 } },
      },
    });
    const version = await put();
    expect(await call('HeadObject', version)).toMatchObject(retain('GOVERNANCE', inDays(30)));
    await expect(call('DeleteObject', version)).rejects.toMatchObject(refused);
    await call('DeleteObject', { Bucket: 'vault', Key: 'k' }); // a marker hides; nothing is lost

    await world.advance(30 * DAY + 1);
    await call('DeleteObject', version);
  });

  it('in governance mode yields to those who may bypass it, and to nobody else', async () => {
    const version = await put(retain('GOVERNANCE', inDays(1)));
    const action = ['s3:DeleteObjectVersion', 's3:DeleteObject'];
    const plain = world.role('plain', [{ Effect: 'Allow', Action: action, Resource: '*' }]);
    const mighty = world.role('mighty', [
      { Effect: 'Allow', Action: [...action, 's3:BypassGovernanceRetention'], Resource: '*' },
    ]);

    await expect(call('DeleteObject', version, mighty)).rejects.toMatchObject(refused);
    const bypassing = { ...version, BypassGovernanceRetention: true };
    await expect(call('DeleteObject', bypassing, plain)).rejects.toThrow('s3:BypassGovernanceRetention');
    await call('DeleteObject', bypassing, mighty);
  });

  it('in compliance mode yields to nobody', async () => {
    const version = await put(retain('COMPLIANCE', inDays(2)));
    await expect(call('DeleteObject', { ...version, BypassGovernanceRetention: true })).rejects.toMatchObject(refused);
    expect((await call('GetObjectRetention', version)).Retention.RetainUntilDate).toEqual(inDays(2));
  });

  it('knows no legal holds', async () => {
    await expect(put({ ObjectLockLegalHoldStatus: 'ON' })).rejects.toMatchObject({ code: 'NotImplemented' });
  });

  it('keeps versioning on, and needs a bucket that has it', async () => {
    const suspend = { Bucket: 'vault', VersioningConfiguration: { Status: 'Suspended' } };
    await expect(call('PutBucketVersioning', suspend)).rejects.toMatchObject({ code: 'InvalidBucketState' });
    await bucketIn(world.east, 'unlocked');
    const locked = { Bucket: 'unlocked', Key: 'k', Body: 'x', ...retain('GOVERNANCE', inDays(1)) };
    await expect(call('PutObject', locked)).rejects.toMatchObject({ code: 'InvalidRequest' });
  });
});
