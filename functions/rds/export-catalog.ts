// What an export wrote, read from end to end once and listed with digests in manifests. Each pass does what its time
// allows and leaves a manifest; the next pass goes on after it.
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { digestObject, digestsOf, headObject, locate, writeArtifact } from '../../shared/artifacts/artifacts.ts';
import { ArtifactDamaged } from '../../shared/artifacts/errors.ts';
import { Manifest } from '../../shared/artifacts/manifest.ts';
import { s3 } from '../../shared/aws/clients.ts';
import { keysUnder, lostTheRace } from '../../shared/catalog/catalog.ts';
import type { Artifact, RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';

export interface Catalogued {
  /** False where time ran out: call again. */
  complete: boolean;
  manifests: Artifact[];
  /** Objects of the export, by key. */
  keys: string[];
  bytes: number;
}

/** A pass ends this long before the function does: one object more may be large. */
const KEPT_BACK_MS = 20_000;

/** @throws {ArtifactDamaged} when what is read is not what S3 took in. */
export const catalogObjects = async (point: RecoveryPoint, prefix: string, work: Work): Promise<Catalogued> => {
  const known = await readManifests(point);
  const done = new Set(known.flatMap(({ objects }) => objects.map(({ uri }) => uri)));
  const keys: string[] = [];
  const objects: Artifact[] = [];
  let complete = true;
  for await (const key of keysUnder(prefix)) {
    keys.push(key);
    const uri = `s3://${settings().vaultBucket}/${key}`;
    if (done.has(uri)) continue;
    if (work.remainingMs() < KEPT_BACK_MS) complete = false;
    if (complete) objects.push(await readOnce(point, uri, work.signal));
  }
  if (objects.length && !(await writeManifest(point, known.length, objects))) complete = false;
  const manifests = complete ? await readManifests(point) : [];
  return {
    complete,
    manifests: manifests.map(({ artifact }) => artifact),
    keys,
    bytes: manifests.flatMap((manifest) => manifest.objects).reduce((sum, object) => sum + object.bytes, 0),
  };
};

/** The first complete reading of an object that AWS wrote, compared with the checksum S3 stored when it took it in. */
const readOnce = async (point: RecoveryPoint, uri: string, signal: AbortSignal): Promise<Artifact> => {
  const digests = await digestObject(uri, undefined, signal);
  const { ChecksumCRC64NVME: stored } = await headObject(uri, digests.versionId);
  if (stored && stored !== digests.crc64nvme) {
    throw new ArtifactDamaged('an exported object is not what S3 took in.', {
      source: point.source,
      recoveryPoint: point.id,
      expected: `CRC64NVME ${stored}`,
      found: `CRC64NVME ${digests.crc64nvme} in ${uri}`,
      next: 'Export the snapshot again; keep this version as evidence.',
    });
  }
  return { uri, ...digests, writer: 'aws' };
};

const manifestPrefix = ({ source, id }: RecoveryPoint): string => `manifests/${source}/${id}/`;

/** False where another pass wrote the same manifest first: its list counts, ours is dropped. */
const writeManifest = async (point: RecoveryPoint, number: number, objects: Artifact[]): Promise<boolean> => {
  const key = `${manifestPrefix(point)}${String(number).padStart(6, '0')}.json`;
  try {
    await writeArtifact(key, JSON.stringify({ recoveryPoint: point.id, objects }), { onlyNew: true });
    return true;
  } catch (error) {
    if (lostTheRace(error)) return false;
    throw error;
  }
};

const readManifests = async (point: RecoveryPoint): Promise<{ artifact: Artifact; objects: Artifact[] }[]> => {
  const manifests: { artifact: Artifact; objects: Artifact[] }[] = [];
  for await (const key of keysUnder(manifestPrefix(point))) {
    const uri = `s3://${settings().vaultBucket}/${key}`;
    const answer = await s3().send(new GetObjectCommand({ ...locate({ uri }), ChecksumMode: 'ENABLED' }));
    const body = (await answer.Body?.transformToByteArray()) ?? new Uint8Array();
    const { objects } = Manifest.parse(JSON.parse(Buffer.from(body).toString('utf8')));
    const digests = await digestsOf([body]);
    manifests.push({
      artifact: {
        uri,
        ...(answer.VersionId ? { versionId: answer.VersionId } : {}),
        ...digests,
        writer: 'lifeboat',
        lists: objects.length,
      },
      objects,
    });
  }
  return manifests;
};
