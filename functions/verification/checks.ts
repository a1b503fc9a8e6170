// Runs one configured check against the restored copy and leaves what came of it in the vault.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { type Answer, answerCheck } from '../../shared/checks/answers.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import type { Check } from '../../shared/config/checks.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { EvidenceMissing } from '../../shared/verification/errors.ts';
import { findDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { openCopy } from './databases.ts';
import { CheckResult, checkKey } from './evidence.ts';
import { Closed, PHASES } from './fingerprint-document.ts';
import { closedKey } from './fingerprint-keys.ts';
import { instanceName } from './test-instances.ts';

export const CheckRequest = StepRequest.extend({ check: z.int().nonnegative() });
export type CheckRequest = z.output<typeof CheckRequest>;

const STATEMENT_SECONDS = 600;

/** Runs one check and leaves its result in the vault; run again, it finds that. @throws {QueryTimedOut} {DatabaseUnreachable} {LoginRefused} */
export const runCheck = async (
  request: CheckRequest,
  { signal }: { signal: AbortSignal },
): Promise<{ name: string; passed: boolean }> => {
  const { source, recoveryPoint, execution } = request;
  const check = rdsSourceNamed(source).checks[request.check];
  if (!check) {
    throw new EvidenceMissing('the configuration has no such check.', {
      source,
      found: request.check,
      next: 'It was deployed anew while the verification ran: run it again.',
    });
  }
  const key = checkKey(recoveryPoint, execution, request.check);
  const standing = await findDocument(key, CheckResult);
  if (standing) return standing.value;
  const point = await readPoint(recoveryPoint);
  const started = now();
  await using copy = await openCopy(point, instanceName(source, execution), {
    statementSeconds: STATEMENT_SECONDS,
    signal,
    searchPath: 'public',
  });
  const { expected, found, passed, samples = [] } = await answer(check, copy, point);
  const { name, kind, severity } = check;
  const result = {
    name,
    kind,
    severity,
    expected,
    found,
    passed,
    samples,
    at: started.toISOString(),
    seconds: secondsBetween(started, now()),
  };
  return (await writeOnce(key, CheckResult, result)).value;
};

/** What the check asks and what the copy answers, judged against its recovery point. */
export const answer = (check: Check, copy: Session, point: RecoveryPoint): Promise<Answer> =>
  answerCheck(check, copy, {
    time: new Date(point.pointInTime ?? point.startedAt),
    latest: latestContent(point),
    countsOf: (table) => countsAtBackup(point, table),
  });

/**
 * No row of a snapshot is younger than this. A snapshot's own time is when it was begun, and writes go on while it is
 * taken; it holds what was committed up to some moment before it was available.
 */
const latestContent = (point: RecoveryPoint): Date => new Date(point.storedAt ?? point.pointInTime ?? point.startedAt);

/** Rows of one table as the fingerprints before and after the snapshot counted them; none where there are no fingerprints. */
const countsAtBackup = async (point: RecoveryPoint, table: string): Promise<number[]> => {
  const name = table.includes('.') ? table : `public.${table}`;
  const closed = await Promise.all(
    PHASES.filter((phase) => point.fingerprint?.[phase]).map((phase) =>
      findDocument(closedKey(point.id, phase), Closed),
    ),
  );
  return closed.flatMap((document) => document?.value.tables.find((counted) => counted.name === name)?.rows ?? []);
};
