// The daily check of everything in the vault: each artefact of the catalogue exists, has its size and its stored
// checksum; a rotating share is read from end to end; and what no recovery point claims is reported.
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { readManifest } from '../../shared/artifacts/manifest.ts';
import { pointsBetween } from '../../shared/catalog/catalog.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { datePath } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { checkDocuments } from './documents.ts';
import { checkObject } from './object-check.ts';
import { newRun, type Run, readProgress, writeProgress } from './progress.ts';
import { dayNumber, shareOf, sharesDue } from './rotation.ts';
import { unclaimedObjects } from './unclaimed.ts';

const DAY = 86_400;
const HISTORY_MS = 8 * 365 * DAY * 1000;
/** One manifest's worth of objects has to fit in what is kept back. */
const KEPT_BACK_MS = 30_000;

export interface Checked {
  complete: boolean;
  checked: number;
  reread: number;
  findings: number;
}

export const checkArtifacts = async ({ scheduledAt }: { scheduledAt: string }, work: Work): Promise<Checked> => {
  const at = new Date(scheduledAt);
  const today = dayNumber(at);
  const progress = await readProgress();
  const run = progress.run?.day === today ? progress.run : newRun(today);
  const shares = Math.max(1, Math.floor(configuration().vault.rereadWithin / DAY));
  const due = sharesDue(today, progress.lastComplete, shares);
  if (progress.lastComplete === today) return summary(run, true);

  for await (const point of allPoints(at)) {
    if (run.after !== undefined && point.id <= run.after) continue;
    if (work.remainingMs() < KEPT_BACK_MS) {
      await writeProgress({ ...progress, run });
      return summary(run, false);
    }
    await checkPoint(point, run, (uri) => due.has(shareOf(uri, shares)), work);
    run.after = point.id;
  }
  await checkDocuments(run, (uri) => due.has(shareOf(uri, shares)), work);
  run.findings.push(...(await unclaimedObjects()));
  await conclude(run, at);
  await writeProgress({ lastComplete: today });
  return summary(run, true);
};

async function* allPoints(at: Date): AsyncGenerator<RecoveryPoint> {
  for (const source of Object.keys(configuration().sources).sort()) {
    yield* pointsBetween(source, new Date(at.getTime() - HISTORY_MS), new Date(at.getTime() + DAY * 1000));
  }
}

const checkPoint = async (
  point: RecoveryPoint,
  run: Run,
  isDue: (uri: string) => boolean,
  work: Work,
): Promise<void> => {
  if (point.status === 'expired') return; // its objects end by lifecycle, at times of their own
  for (const artifact of point.artifacts) {
    for (const object of [artifact, ...(await listed(artifact, point, run))]) {
      const result = await checkObject(object, isDue(object.uri), work.signal);
      run.counts.checked += 1;
      if (result.reread) run.counts.reread += 1;
      run.counts.rereadBytes += result.reread ? object.bytes : 0;
      if (result.archived) run.counts.archived += 1;
      for (const finding of result.findings)
        run.findings.push({ ...finding, uri: object.uri, recoveryPoint: point.id });
    }
  }
};

const listed = async (artifact: Artifact, point: RecoveryPoint, run: Run): Promise<Artifact[]> => {
  if (artifact.lists === undefined) return [];
  try {
    return await readManifest(artifact);
  } catch (error) {
    if (!(error instanceof ArtifactDamaged)) throw error;
    run.findings.push({
      uri: artifact.uri,
      recoveryPoint: point.id,
      problem: 'manifest',
      expected: `SHA-256 ${artifact.sha256}`,
      found: error.message,
    });
    return [];
  }
};

const conclude = async (run: Run, at: Date): Promise<void> => {
  const damaged = run.findings.filter(({ problem }) => problem !== 'unclaimed');
  const unclaimed = run.findings.length - damaged.length;
  const report = await writeArtifact(`integrity/${datePath(at)}/report.json`, JSON.stringify(run, null, 2));
  record('ArtifactsChecked', run.counts.checked, 'vault');
  record('ArtifactsDamaged', damaged.length, 'vault');
  record('ArtifactBytesReread', run.counts.rereadBytes, 'vault');
  record('ObjectsUnclaimed', unclaimed, 'vault');
  logger.info('vault checked', { ...run.counts, damaged: damaged.length, unclaimed });
  if (run.findings.length === 0) return;
  await notify({
    topic: damaged.length ? 'critical' : 'warning',
    what: damaged.length
      ? `${damaged.length} artefacts in the vault are damaged or missing`
      : `${unclaimed} objects in the vault belong to no recovery point`,
    source: 'vault',
    since: at,
    impact: damaged.length
      ? 'The recovery points named below cannot be restored whole from this region.'
      : 'Nothing is lost; the objects cost money, or a recovery point lost its document.',
    evidence: [
      ...run.findings
        .slice(0, 20)
        .map(
          (f) =>
            `${f.problem}: ${f.uri} (point ${f.recoveryPoint ?? 'none'}): expected ${f.expected}, found ${f.found}`,
        ),
      `whole report: ${report.uri}`,
    ],
    next: damaged.length
      ? 'Read the same version from the replica in the other region and compare its digest; export the snapshot again.'
      : 'Look who wrote them (access log of the vault); delete them once their Object Lock has ended.',
  });
};

const summary = ({ counts, findings }: Run, complete: boolean): Checked => ({
  complete,
  checked: counts.checked,
  reread: counts.reread,
  findings: findings.length,
});
