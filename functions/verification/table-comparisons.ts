// Rows of the restored copy against both fingerprints, a range of pages at a time.
import { QueryFailed } from '../../shared/postgres/errors.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { readDocument } from '../../shared/verification/step-documents.ts';
import { align, type BucketFinding, isQuiet, judgeBusy, judgeQuiet } from './bucket-comparison.ts';
import { liveDatabase } from './databases.ts';
import { type DamagedBucket, nameDifferences } from './differences.ts';
import type { TableComparison } from './evidence.ts';
import {
  type Bucket,
  type Definition,
  Part,
  type PartRange,
  type Plan,
  type PlannedTable,
  tableName,
  unpackBuckets,
  unpackRows,
} from './fingerprint-document.ts';
import { partKey } from './fingerprint-keys.ts';
import { isSameFile, type Reading, readBuckets, readRows } from './row-digests.ts';

export interface Compared {
  source: string;
  before: Plan;
  after: Plan;
  /** Tables that were defined anew while the second reading was under way. */
  redefined: readonly string[];
  definitions: Definition[];
  copy: Session;
  signal: AbortSignal;
}

/** PostgreSQL, appendix A: insufficient privilege. That says nothing of the data. */
const NOT_ALLOWED = '42501';

/** The ranges of one work item, table by table. */
export const compareTables = async (compared: Compared, item: number): Promise<TableComparison[]> => {
  const { before, after } = compared;
  const [first, second] = await Promise.all(
    [before, after].map(
      async ({ recoveryPoint, phase }) => (await readDocument(partKey(recoveryPoint, phase, item), Part)).value,
    ),
  );
  const tables: TableComparison[] = [];
  for (const [place, range] of (first?.ranges ?? []).entries()) {
    const [table, later] = [before.tables[range.table], second?.ranges[place]];
    if (table && later) tables.push(await compareRange(compared, table, range, later));
  }
  return tables;
};

const compareRange = async (
  compared: Compared,
  table: PlannedTable,
  before: PartRange,
  after: PartRange,
): Promise<TableComparison> => {
  const nothing = {
    table: tableName(table),
    exact: 0,
    oneByOne: 0,
    undecided: 0,
    written: 0,
    damagedBuckets: 0,
    differences: [],
  };
  const reason = reasonAgainst(compared, tableName(table), before, after);
  if (reason) return { ...nothing, notCompared: reason };
  const { copy: session, signal } = compared;
  const copy: Reading = {
    session,
    table,
    horizon: BigInt(compared.before.horizon),
    next: BigInt(compared.after.next),
    signal,
  };
  const file = await isSameFile(copy);
  if (file !== 'same') {
    const kind = file === 'dropped' ? 'table missing' : 'table rewritten';
    return {
      ...nothing,
      damagedBuckets: 1,
      differences: [{ in: nothing.table, kind, expected: `${before.total} rows in file ${table.filenode}` }],
    };
  }
  try {
    return { ...nothing, ...(await compareRows(compared, copy, before, after)) };
  } catch (error) {
    // The live server could read these rows with the same statement.
    if (!(error instanceof QueryFailed) || error.sqlState === NOT_ALLOWED) throw error;
    return {
      ...nothing,
      damagedBuckets: 1,
      differences: [{ in: nothing.table, kind: 'unreadable', expected: 'rows', found: String(error.facts.found) }],
    };
  }
};

const compareRows = async (compared: Compared, copy: Reading, before: PartRange, after: PartRange) => {
  const read = await readBuckets(copy, before);
  const findings = await judge(unpackBuckets(before.buckets), after, read.buckets, copy);
  const damaged = findings.filter((finding): finding is DamagedBucket => finding.damage !== undefined);
  const sum = (of: (finding: BucketFinding) => number) => findings.reduce((total, finding) => total + of(finding), 0);
  return {
    exact: sum(({ exact }) => exact),
    oneByOne: sum(({ oneByOne }) => oneByOne),
    undecided: sum(({ undecided }) => undecided),
    written: read.total - read.buckets.reduce((total, { rows }) => total + rows, 0),
    damagedBuckets: damaged.length,
    differences:
      damaged.length === 0 ? [] : await withLive(compared, copy, (live) => nameDifferences(damaged, copy, live)),
  };
};

const judge = async (before: Bucket[], after: PartRange, copied: Bucket[], copy: Reading): Promise<BucketFinding[]> => {
  const triples = align(before, unpackBuckets(after.buckets), copied);
  const busy = triples.filter((triple) => !isQuiet(triple));
  const findings = triples.filter(isQuiet).map(judgeQuiet);
  const kept = after.changedRows == null ? undefined : Map.groupBy(unpackRows(after.changedRows), ({ index }) => index);
  for (const triple of busy) {
    // Only the rows of one bucket are in memory at a time; where none were kept, none are read.
    const rows = kept ? await Array.fromAsync(readRows(copy, [triple.index])) : [];
    findings.push(judgeBusy(triple, kept && (kept.get(triple.index) ?? []), rows));
  }
  return findings;
};

const reasonAgainst = (
  { before, after, redefined, definitions }: Compared,
  table: string,
  first: PartRange,
  second: PartRange,
): string | undefined => {
  for (const range of [first, second]) {
    if (range.state !== 'read')
      return `${range.state} while the backup was made${range.reason ? ` (${range.reason})` : ''}`;
  }
  const definitionIn = (list: Definition[]) => list.find(({ kind, name }) => kind === 'table' && name === table);
  const [early, late, copied] = [
    definitionIn(before.definitions),
    definitionIn(after.definitions),
    definitionIn(definitions),
  ];
  if (early?.digest !== late?.digest || early?.version !== late?.version || redefined.includes(table))
    return 'its definition changed while the backup was made';
  // A table that is gone goes on: it is told as missing.
  if (copied && copied.digest !== early?.digest) return 'its definition in the copy is another one';
  return undefined;
};

/** Does something with the live table, or without it where it cannot be asked: it only helps to name what is wrong. */
const withLive = async <T>(
  { source, before, signal }: Compared,
  copy: Reading,
  use: (live: Reading | undefined) => Promise<T>,
): Promise<T> => {
  try {
    const live = await liveDatabase(source, 'primary');
    if (live.resource !== before.resource && before.reader === 'primary') return await use(undefined);
    await using session = await live.open({ statementSeconds: 60, signal });
    const { next: _, ...reading } = copy;
    return await use({ ...reading, session });
  } catch {
    signal.throwIfAborted();
    return use(undefined);
  }
};
