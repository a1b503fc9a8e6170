import { z } from 'zod';
import { duration, share } from './units.ts';

/** `orders` or `sales.orders`: plain identifiers only; they are quoted before they reach SQL. */
const table = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$/i, 'a table is written like "orders" or "sales.orders"');
const column = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/i, 'a column is a plain identifier');

const common = {
  name: z.string().min(1).max(120),
  /** `critical` fails the verification; `warning` is reported and does not. */
  severity: z.enum(['critical', 'warning']).default('critical'),
};
/** Rows that may violate the rule before the check fails. */
const tolerated = z.int().nonnegative().default(0);

/**
 * What has to hold in a restored database. Time is judged against the recovery point's own time, never against the
 * time of the test: a point of last week is not wrong because its newest order is a week old.
 */
export const Check = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('orphans'), table, column, references: table, key: column, tolerated }),
  z.strictObject({ ...common, kind: z.literal('not-null'), table, column, tolerated }),
  z.strictObject({ ...common, kind: z.literal('unique'), table, column, tolerated }),
  /** POSIX regular expression, matched by PostgreSQL. */
  z.strictObject({ ...common, kind: z.literal('format'), table, column, pattern: z.string().min(1), tolerated }),
  z.strictObject({ ...common, kind: z.literal('at-least'), table, column, minimum: z.number(), tolerated }),
  z.strictObject({ ...common, kind: z.literal('not-in-future'), table, column, tolerated }),
  /** The newest value lies within this time before the recovery point. */
  z.strictObject({ ...common, kind: z.literal('recent'), table, column, within: duration }),
  /** At least `minimum` rows, and within `deviation` of the count taken at backup time. */
  z.strictObject({
    ...common,
    kind: z.literal('row-count'),
    table,
    minimum: z.int().positive().default(1),
    deviation: share.default(0.01),
  }),
  /** A header's total equals the sum of its lines: `total` of `table` against sum(`amount`) of `lines` by `line_key`. */
  z.strictObject({
    ...common,
    kind: z.literal('total-matches'),
    table,
    key: column,
    total: column,
    lines: table,
    lineKey: column,
    /** A column, or an arithmetic expression of columns such as `quantity * unit_price`. */
    amount: z.string().regex(/^[a-z0-9_ ().*+-]+$/i, 'an amount is a column or arithmetic of columns'),
    tolerated,
  }),
  z.strictObject({ ...common, kind: z.literal('extension'), extension: z.string().regex(/^[a-z0-9_-]+$/) }),
  /** A read-only query of one row and one column, compared with `expected` as text. */
  z.strictObject({ ...common, kind: z.literal('query'), sql: z.string().min(1), expected: z.string() }),
]);

export type Check = z.output<typeof Check>;
