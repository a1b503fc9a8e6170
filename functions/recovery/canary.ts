// The canary: one row of the protected database that is written every few seconds. The newest value found after a failover
// or a restore says what was lost, in seconds, without asking anybody.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import { recoveryPlan } from './epoch.ts';

export const CanaryRequest = z.strictObject({});

const CREATE = `CREATE SCHEMA IF NOT EXISTS lifeboat;
  CREATE TABLE IF NOT EXISTS lifeboat.canary (region text PRIMARY KEY, written_at timestamptz NOT NULL, beats bigint NOT NULL)`;
const BEAT = `INSERT INTO lifeboat.canary AS canary (region, written_at, beats) VALUES ($1, $2, 1)
  ON CONFLICT (region) DO UPDATE SET written_at = greatest(canary.written_at, excluded.written_at), beats = canary.beats + 1
  RETURNING beats`;

/** Writes one beat into the database of this region. @throws {DatabaseUnreachable} {LoginRefused} {QueryFailed} */
export const writeCanary = async (_: object, { signal }: Work): Promise<{ writtenAt: string; beats: number }> => {
  const { source: name } = recoveryPlan().database;
  const source = rdsSourceNamed(name);
  const { region } = settings();
  const instance = await describeInstance(name, instanceIn(source, region));
  const login = await readLogin(name, source.secret);
  await using session = await openInstance(name, instance, source.database, login, {
    statementSeconds: 5,
    signal,
    writes: true,
  });
  const writtenAt = now().toISOString();
  if (!(await hasCanary(session))) await session.rows(CREATE);
  const { beats } = await session.row(BEAT, [region, writtenAt]);
  return { writtenAt, beats: Number(beats) };
};

const hasCanary = async (session: Session): Promise<boolean> =>
  (await session.row("SELECT to_regclass('lifeboat.canary') IS NOT NULL AS there")).there === 't';

/** When the newest beat that a database holds was written; undefined where none ever was. */
export const newestBeat = async (session: Session): Promise<Date | undefined> => {
  if (!(await hasCanary(session))) return undefined;
  const { at } = await session.row(
    `SELECT to_char(max(written_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at FROM lifeboat.canary`,
  );
  return at ? new Date(at) : undefined;
};
