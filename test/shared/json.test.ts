import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Json } from '../../shared/json.ts';

describe('text that is JSON', () => {
  it('becomes the value it stands for, and that is looked at', () => {
    const Source = Json.pipe(z.strictObject({ source: z.string() }));
    expect(Source.parse('{"source":"shop-db"}')).toEqual({ source: 'shop-db' });
    expect(Source.safeParse('{"source":1}').error?.issues).toMatchObject([{ path: ['source'] }]);
  });

  it.each(['', '{', 'undefined', '{"source":"shop-db"'])('is an issue where it is none: "%s"', (text) => {
    expect(Json.safeParse(text).error?.issues).toMatchObject([{ message: 'not JSON' }]);
  });
});
