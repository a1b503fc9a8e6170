// Which row versions a comparison can be exact about: those written by transactions that had ended before the horizon.
// Rows show 32 bits of the transaction that wrote them; docs/fingerprints.md has the proof that this is enough.

const WRAP = 2n ** 32n;

/** Transactions from `horizon` to before `next`, as PostgreSQL counts them in 64 bits. */
export interface Window {
  horizon: bigint;
  next: bigint;
}

/**
 * A row version is old unless its raw 32 bits lie in the circular window. Rows so old that their bits lie in the window
 * by chance count as new, which costs coverage and never raises an alarm.
 */
export const isOld = (xmin: number, { horizon, next }: Window): boolean =>
  (BigInt(xmin) - (horizon % WRAP) + WRAP) % WRAP >= next - horizon;

/** The same as SQL over a column of type xid. `next` left out: the next transaction as the statement itself sees it. */
export const oldRow = (column: string, horizon: bigint, next?: bigint): string => {
  const bound = next ?? `(SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint)`;
  return `((${column}::text::bigint - ${horizon % WRAP} + ${WRAP}) % ${WRAP} >= ${bound} - ${horizon})`;
};

/** Oldest transaction still running, and the next one to be: everything before the first has ended for good. */
export const SNAPSHOT = `SELECT pg_catalog.pg_snapshot_xmin(s)::text AS horizon, pg_catalog.pg_snapshot_xmax(s)::text AS next
  FROM pg_catalog.pg_current_snapshot() AS s`;
