// The daily check of everything in the vault: each artefact of the catalogue exists, has its size and its stored
// checksum; a rotating share is read from end to end; and what no recovery point claims is reported.
import { writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { datePath } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { checkDocuments } from './documents.ts';
import { checkPoints } from './point-checks.ts';
import { newRun, type Progress, type Run, readProgress, type Standing, writeProgress } from './progress.ts';
import { dayNumber, shareOf, sharesDue } from './rotation.ts';
import { unclaimedObjects } from './unclaimed.ts';

const DAY = 86_400;

export interface Checked {
  complete: boolean;
  checked: number;
  reread: number;
  findings: number;
}

/** Nothing of a call is lost when it is cut off, and nothing of another when two run at once: `complete` is false then. */
export const checkArtifacts = async ({ scheduledAt }: { scheduledAt: string }, work: Work): Promise<Checked> => {
  await tell(await readProgress());
  const at = new Date(scheduledAt);
  const today = dayNumber(at);
  const standing = await readProgress();
  const { progress } = standing;
  const run = progress.run?.day === today ? progress.run : newRun(today);
  const shares = Math.max(1, Math.floor(configuration().vault.rereadWithin / DAY));
  const due = sharesDue(today, progress.lastComplete, shares);
  if (progress.lastComplete === today) return summary(run, true);

  const isDue = (uri: string): boolean => due.has(shareOf(uri, shares));
  if (!((await checkPoints(run, at, isDue, work)) && (await checkDocuments(run, isDue, work)))) {
    await writeProgress({ ...progress, run }, standing);
    return summary(run, false);
  }
  run.findings.push(...(await unclaimedObjects()));
  const toTell = await report(run, at);
  if (!(await writeProgress({ lastComplete: today, ...(toTell ? { toTell } : {}) }, standing)))
    return summary(run, false);
  await tell(await readProgress());
  return summary(run, true);
};

/** Told only after the run is complete for good, so that of two runs one is told; noted until then, so that none is lost. */
const tell = async (standing: Standing): Promise<void> => {
  const { toTell, ...told } = standing.progress;
  if (!toTell) return;
  await notify(toTell);
  await writeProgress(told, standing);
};

/** Writes the report of a run; what people have to be told of it, where there is anything. */
const report = async ({ position: _, ...run }: Run, at: Date): Promise<Progress['toTell']> => {
  const damaged = run.findings.filter(({ problem }) => problem !== 'unclaimed');
  const unclaimed = run.findings.length - damaged.length;
  const { uri } = await writeArtifact(`integrity/${datePath(at)}/report.json`, JSON.stringify(run, null, 2));
  record('ArtifactsChecked', run.counts.checked, 'vault');
  record('ArtifactsDamaged', damaged.length, 'vault');
  record('ArtifactBytesReread', run.counts.rereadBytes, 'vault');
  record('ObjectsUnclaimed', unclaimed, 'vault');
  logger.info('vault checked', { ...run.counts, damaged: damaged.length, unclaimed });
  if (damaged.length === 0) await recovered({ source: 'vault', trouble: 'damaged', evidence: [`report: ${uri}`] });
  if (unclaimed === 0) await recovered({ source: 'vault', trouble: 'unclaimed', evidence: [`report: ${uri}`] });
  if (run.findings.length === 0) return undefined;
  return {
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
      `whole report: ${uri}`,
    ],
    next: damaged.length
      ? 'Read the same version from the replica in the other region and compare its digest; export the snapshot again.'
      : 'Look who wrote them (access log of the vault); delete them once their Object Lock has ended.',
    trouble: damaged.length ? 'damaged' : 'unclaimed',
  };
};

const summary = ({ counts, findings }: Run, complete: boolean): Checked => ({
  complete,
  checked: counts.checked,
  reread: counts.reread,
  findings: findings.length,
});
