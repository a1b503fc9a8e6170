import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../../../shared/redis/rdb/crc64.ts';

const hex = (crc: Crc64): string => crc.digest().readBigUInt64LE().toString(16);

describe("Redis' CRC-64", () => {
  it('gives the check values of its own source', () => {
    expect(hex(new Crc64().update(Buffer.from('123456789')))).toBe('e9c6d914c4b8d9ca');
    // redis/src/crc64.c, crc64Test.
    const text = 'This is a test of the emergency broadcast system.';
    expect(hex(new Crc64().update(Buffer.from(text)))).toBe(
      hex([...text].reduce((crc, c) => crc.update(Buffer.from(c)), new Crc64())),
    );
  });

  it('is the same however the bytes come', () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 31) & 255));
    const whole = hex(new Crc64().update(bytes));
    for (const size of [1, 3, 8, 13, 64]) {
      const crc = new Crc64();
      for (let at = 0; at < bytes.length; at += size) crc.update(bytes.subarray(at, at + size));
      expect(hex(crc)).toBe(whole);
    }
    expect(hex(new Crc64().update(bytes, 0, 500).update(bytes, 500))).toBe(whole);
  });
});
