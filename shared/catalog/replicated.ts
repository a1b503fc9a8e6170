import { headObject } from '../artifacts/artifacts.ts';
import { settings } from '../config/settings.ts';
import { newestBefore } from './catalog.ts';
import type { RecoveryPoint } from './recovery-point.ts';

/** How far back a point is looked for that has left the region. Past this the objective is missed by far in any case. */
const LOOKED_AT = 48;

/**
 * The newest point whose artefacts are in the other region's vault, too. Only the primary region replicates: what is in the
 * recovery region's vault is where it is needed.
 */
export const newestReplicated = async (
  source: string,
  at: Date,
  matches: (point: RecoveryPoint) => boolean,
): Promise<RecoveryPoint | undefined> => {
  if (settings().role === 'recovery') return newestBefore(source, at, matches);
  let before = at;
  for (let looked = 0; looked < LOOKED_AT; looked++) {
    const point = await newestBefore(source, before, matches);
    if (!point || (await isReplicated(point))) return point;
    before = new Date(new Date(point.scheduledAt).getTime() - 1);
  }
  return undefined;
};

const isReplicated = async ({ artifacts }: RecoveryPoint): Promise<boolean> => {
  const heads = await Promise.all(artifacts.map(({ uri, versionId }) => headObject(uri, versionId)));
  return heads.every(({ ReplicationStatus }) => ReplicationStatus === 'COMPLETED');
};
