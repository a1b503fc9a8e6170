// What lies in the vault and belongs to no recovery point.
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { readManifest } from '../../shared/artifacts/manifest.ts';
import { keysUnder, readPoint } from '../../shared/catalog/catalog.ts';
import { CatalogUnreadable, RecoveryPointMissing } from '../../shared/catalog/errors.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { settings } from '../../shared/config/settings.ts';
import { isMissing } from './object-check.ts';
import type { Finding } from './progress.ts';

/** Prefixes whose keys carry the id of their recovery point, or of an export task that is named after it. */
const PREFIXES = ['rds-snapshots/', 'redis-snapshots/', 'manifests/', 'fingerprints/', 'evidence/'];
const POINT_IN_KEY = /\/(?:lifeboat-)?([a-z][a-z0-9-]*-\d{8}t\d{6}z-[a-z-]+)\//;

export const unclaimedObjects = async (): Promise<Finding[]> => {
  const findings: Finding[] = [];
  for (const prefix of PREFIXES) {
    let claims: { id: string; holds: (uri: string) => boolean } | undefined;
    for await (const key of keysUnder(prefix)) {
      const id = POINT_IN_KEY.exec(key)?.[1];
      const uri = `s3://${settings().vaultBucket}/${key}`;
      // Keys come in order, so those of one point stand together: one point's claims are in memory at a time.
      if (id !== undefined && claims?.id !== id) claims = { id, holds: await claimsOf(id, prefix) };
      if (id === undefined || !claims?.holds(uri)) {
        findings.push({
          uri,
          recoveryPoint: id ?? null,
          problem: 'unclaimed',
          expected: 'a recovery point that lists it',
          found: id ? `not listed by ${id}` : 'none named in its key',
        });
      }
    }
  }
  return findings;
};

const claimsOf = async (id: string, prefix: string): Promise<(uri: string) => boolean> => {
  let point: RecoveryPoint;
  try {
    point = await readPoint(id);
  } catch (error) {
    if (error instanceof RecoveryPointMissing || error instanceof CatalogUnreadable) return () => false;
    throw error;
  }
  // Work under way has not listed everything yet; documents about a point are claimed by being filed under it.
  if (!prefix.endsWith('-snapshots/') || point.status === 'started') return () => true;
  // Files of caches are listed by the point itself.
  const listed = new Set(point.artifacts.map(({ uri }) => uri));
  for (const artifact of point.artifacts.filter(({ lists }) => lists !== undefined)) {
    try {
      for (const { uri } of await readManifest(artifact)) listed.add(uri);
    } catch (error) {
      // What a lost manifest listed cannot be told apart from what nobody claims; the manifest itself is a finding.
      if (error instanceof ArtifactDamaged || isMissing(error)) return () => true;
      throw error;
    }
  }
  return (uri) => listed.has(uri) || point.status === 'failed';
};
