// What recovery points list, object by object: a run that was cut off goes on with the next object.
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { readManifest } from '../../shared/artifacts/manifest.ts';
import { idsBetween, readPoint } from '../../shared/catalog/catalog.ts';
import { CatalogUnreadable } from '../../shared/catalog/errors.ts';
import { catalogKey, parsePointId } from '../../shared/catalog/ids.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { checkObject, isMissing } from './object-check.ts';
import { type Finding, hasTime, type Run } from './progress.ts';

const DAY_MS = 86_400_000;
const HISTORY_MS = 8 * 365 * DAY_MS;

/** False where time ran out: the run's position says where to go on. */
export const checkPoints = async (
  run: Run,
  at: Date,
  isDue: (uri: string) => boolean,
  work: Work,
): Promise<boolean> => {
  const { position } = run;
  if (position.document !== undefined) return true;
  for (const source of Object.keys(configuration().sources).sort()) {
    if (position.source !== undefined && source < position.source) continue;
    const from = position.point ? parsePointId(position.point).scheduledAt : new Date(at.getTime() - HISTORY_MS);
    for await (const id of idsBetween(source, from, new Date(at.getTime() + DAY_MS))) {
      if (position.point !== undefined && id < position.point) continue;
      if (id !== position.point) Object.assign(position, { source, point: id, objects: 0 });
      if (!(await checkPoint(id, run, isDue, work))) return false;
    }
    position.point = undefined;
  }
  position.document = '';
  return true;
};

const checkPoint = async (id: string, run: Run, isDue: (uri: string) => boolean, work: Work): Promise<boolean> => {
  const point = await readOrReport(id, run);
  // Objects of an expired point end by lifecycle, at times of their own.
  if (!point || point.status === 'expired') return true;
  const find: Find = (uri, finding) => void run.findings.push({ ...finding, uri, recoveryPoint: id });
  const objects = await objectsOf(point, (uri, finding) => {
    // A run that goes on reads the manifests again.
    if (!run.findings.some((known) => known.uri === uri && known.problem === finding.problem)) find(uri, finding);
  });
  for (const object of objects.slice(run.position.objects)) {
    if (!hasTime(work)) return false;
    const { findings, reread, archived } = await checkObject(object, isDue(object.uri), work.signal);
    run.counts.checked += 1;
    run.counts.reread += reread ? 1 : 0;
    run.counts.rereadBytes += reread ? object.bytes : 0;
    run.counts.archived += archived ? 1 : 0;
    for (const finding of findings) find(object.uri, finding);
    run.position.objects += 1;
  }
  return true;
};

/** One document that cannot be understood must not keep the others from being checked. */
const readOrReport = async (id: string, run: Run): Promise<RecoveryPoint | undefined> => {
  try {
    return await readPoint(id);
  } catch (error) {
    if (!(error instanceof CatalogUnreadable)) throw error;
    const uri = `s3://${settings().vaultBucket}/${catalogKey(id)}`;
    const expected = 'the document of a recovery point';
    run.findings.push({ uri, recoveryPoint: id, problem: 'catalogue', expected, found: error.message });
    return undefined;
  }
};

type Find = (uri: string, finding: Omit<Finding, 'uri' | 'recoveryPoint'>) => void;

/** Artefacts, and what their manifests list. A manifest that is missing is found missing as an artefact. */
const objectsOf = async (point: RecoveryPoint, find: Find): Promise<Artifact[]> => {
  const objects: Artifact[] = [];
  for (const artifact of point.artifacts) {
    objects.push(artifact);
    if (artifact.lists === undefined) continue;
    try {
      objects.push(...(await readManifest(artifact)));
    } catch (error) {
      if (error instanceof ArtifactDamaged) {
        find(artifact.uri, { problem: 'manifest', expected: `SHA-256 ${artifact.sha256}`, found: error.message });
      } else if (!isMissing(error)) throw error;
    }
  }
  return objects;
};
