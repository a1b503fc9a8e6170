import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOld } from '../../../functions/verification/horizon.ts';

const WRAP = 2n ** 32n;
const xid = fc.bigInt({ min: 3n, max: 2n ** 40n });

describe('a row version', () => {
  it('written since the horizon is never old, however often ids have come round', () => {
    fc.assert(
      fc.property(
        xid,
        fc.bigInt({ min: 1n, max: WRAP }),
        fc.bigInt({ min: 0n, max: WRAP }),
        (horizon, width, offset) => {
          fc.pre(offset < width);
          expect(isOld(Number((horizon + offset) % WRAP), { horizon, next: horizon + width })).toBe(false);
        },
      ),
    );
  });

  it('written within the round before the horizon is old, unless its bits lie among those given out since', () => {
    fc.assert(
      fc.property(
        xid,
        fc.bigInt({ min: 1n, max: 2n ** 31n }),
        fc.bigInt({ min: 1n, max: 2n ** 31n }),
        (horizon, width, age) => {
          fc.pre(age < horizon && age <= WRAP - width);
          expect(isOld(Number((horizon - age) % WRAP), { horizon, next: horizon + width })).toBe(true);
        },
      ),
    );
  });

  it('is new in every window that holds a window in which it is new', () => {
    fc.assert(
      fc.property(
        xid,
        fc.bigInt({ min: 0n, max: WRAP - 1n }),
        fc.bigInt({ min: 0n, max: WRAP }),
        fc.bigInt({ min: 0n, max: WRAP }),
        (horizon, xmin, a, b) => {
          const narrow = isOld(Number(xmin), { horizon, next: horizon + a });
          const wide = isOld(Number(xmin), { horizon, next: horizon + a + b });
          expect(narrow || !wide).toBe(true);
        },
      ),
    );
  });
});
