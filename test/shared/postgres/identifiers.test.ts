import { describe, expect, it } from 'vitest';
import { quoteName, quoteTable, quoteText } from '../../../shared/postgres/identifiers.ts';

describe('an identifier', () => {
  it('stays one name whatever it holds', () => {
    expect(quoteName('orders"; DROP TABLE x; --')).toBe('"orders""; DROP TABLE x; --"');
  });

  it('is neither empty nor holds a zero byte', () => {
    expect(() => quoteName('')).toThrow(RangeError);
    expect(() => quoteName('a\0b')).toThrow(RangeError);
  });

  it('of a table is in schema public unless it says otherwise', () => {
    expect([quoteTable('orders'), quoteTable('sales.Orders')]).toEqual(['"public"."orders"', '"sales"."Orders"']);
  });
});

describe('text', () => {
  it('stays one literal whatever it holds', () => {
    expect(quoteText("it's")).toBe("'it''s'");
  });
});
