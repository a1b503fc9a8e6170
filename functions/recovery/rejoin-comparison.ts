// What the old database of a region that was left and the living one do not share, table by table.
import type { DBInstance } from '@aws-sdk/client-rds';
import { now, secondsBetween } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import { describeInstance } from '../../shared/rds/instances.ts';
import { PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import type { Rejoin } from '../../shared/recovery/rejoin.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { assertShut, change, open, type RejoinStep, type Way, wait } from './rejoin-way.ts';
import { compareTable, tablesOf } from './row-differences.ts';

/** As many tables as fit into one call: the rest is the next call's. */
const COMPARE_SECONDS = 300;

export const compareDatabases = async (
  way: Way,
  record: Rejoin,
  instance: DBInstance | undefined,
  signal: AbortSignal,
): Promise<RejoinStep> => {
  if (!instance) {
    await change(way, (standing) => ({ ...standing, comparedAt: now().toISOString() }));
    return wait('there is no old database to compare with', 1);
  }
  await assertShut(way, signal);
  const partedAt = record.partedAt ?? (await partingOf(way));
  const began = now();
  await using left = await open(way, instance, signal);
  await using living = await open(way, await describeInstance(way.name, way.there, settings().peer.region), signal);
  const sides = { left, living, partedAt };
  const done = new Set(record.tables.map(({ table }) => table));
  for (const table of (await tablesOf(sides)).filter((each) => !done.has(each))) {
    if (secondsBetween(began, now()) > COMPARE_SECONDS) return wait(`${table} is to be compared next`, 1);
    const found = await compareTable(sides, table);
    logger.info('table compared', { ...found, keys: found.keys.length });
    await change(way, (standing) =>
      standing.tables.some((each) => each.table === table)
        ? standing
        : {
            ...standing,
            tables: [...standing.tables, found],
            left: instance.DBInstanceIdentifier,
            ...(partedAt ? { partedAt } : {}),
          },
    );
  }
  await change(way, (standing) => ({ ...standing, comparedAt: standing.comparedAt ?? now().toISOString() }));
  return wait('every table was compared', 1);
};

/** Noted by the failover before it promoted: transactions from here on may have ended differently on the two sides. */
const partingOf = async ({ move }: Way): Promise<string | undefined> => {
  if (!move) return undefined;
  const { region, vaultBucket: bucket } = settings().peer;
  const record = await findDocument(phaseKey(move.failoverId, 'database'), PhaseRecord, { region, bucket });
  const { oldestXid, forkXid } = record?.facts ?? {};
  return [oldestXid, forkXid].find((xid) => typeof xid === 'string');
};
