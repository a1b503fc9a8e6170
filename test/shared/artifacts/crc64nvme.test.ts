import { randomBytes } from 'node:crypto';
import { Crc64Nvme as OfTheSdk } from '@aws-sdk/checksums/crc';
import { describe, expect, it } from 'vitest';
import { Crc64Nvme } from '../../../shared/artifacts/crc64nvme.ts';

const ofTheSdk = async (bytes: Uint8Array): Promise<string> => {
  const crc = new OfTheSdk();
  crc.update(bytes);
  return Buffer.from(await crc.digest()).toString('base64');
};

describe('a CRC-64/NVME', () => {
  it('of the digits is the one that is published', () => {
    const published = Buffer.from('ae8b14860a799888', 'hex').toString('base64');
    expect(new Crc64Nvme().update(Buffer.from('123456789')).base64()).toBe(published);
  });

  // Around eight bytes, and around what goes into the machine at once.
  it.each([0, 1, 7, 8, 9, 1000, 442_367, 442_368, 442_369, 900_001])(
    'of %i bytes is the SDK’s, in one piece or in three',
    async (length) => {
      const bytes = randomBytes(length);
      const expected = await ofTheSdk(bytes);
      expect(new Crc64Nvme().update(bytes).base64()).toBe(expected);
      const pieces = new Crc64Nvme()
        .update(bytes.subarray(0, length / 3))
        .update(bytes.subarray(length / 3, length / 2));
      expect(pieces.update(bytes.subarray(length / 2)).base64()).toBe(expected);
    },
  );

  it.each([
    [0, 1000],
    [1000, 0],
    [7, 1],
    [100_000, 8 * 1024 * 1024],
  ])('of %i bytes goes on with that of the %i bytes behind them, without either', async (before, behind) => {
    const [a, b] = [randomBytes(before), randomBytes(behind)];
    const both = new Crc64Nvme().update(a).append(new Crc64Nvme().update(b).base64(), behind);
    expect(both.base64()).toBe(await ofTheSdk(Buffer.concat([a, b])));
  });

  it('is not mixed up with another that is reckoned at the same time', async () => {
    const [a, b] = [randomBytes(100), randomBytes(100)];
    const [one, two] = [new Crc64Nvme().update(a), new Crc64Nvme().update(b)];
    one.update(b);
    two.update(a);
    expect([one.base64(), two.base64()]).toEqual([
      await ofTheSdk(Buffer.concat([a, b])),
      await ofTheSdk(Buffer.concat([b, a])),
    ]);
  });
});
