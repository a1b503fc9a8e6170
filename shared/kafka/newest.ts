// The newest archive of a cluster that this region can restore from. Replication has no order: an index may be here before the segments
// that it names, and an archive before the one it goes on from.
import { S3ServiceException } from '@aws-sdk/client-s3';
import { headObject, uriHere } from '../artifacts/artifacts.ts';
import { newestBefore } from '../catalog/catalog.ts';
import { parsePointId } from '../catalog/ids.ts';
import type { RecoveryPoint } from '../catalog/recovery-point.ts';
import { findDocument } from '../vault/documents.ts';
import { ArchiveIndex, indexKey } from './archive.ts';

/** What was archived longer ago has replicated, or the daily check of the vault has told that it has not. */
const SETTLED_MS = 60 * 60_000;

export interface NewestArchive {
  point: RecoveryPoint;
  index: ArchiveIndex;
  /** Newer ones of which something is not here. */
  passedOver: string[];
}

export const isStoredArchive = ({ method, status }: Pick<RecoveryPoint, 'method' | 'status'>): boolean =>
  method === 'archive' && (status === 'stored' || status === 'verified');

export const newestArchiveHere = async (source: string, at: Date): Promise<NewestArchive | undefined> => {
  const passedOver: string[] = [];
  for (let before = at; ; ) {
    const point = await newestBefore(source, before, isStoredArchive);
    if (!point) return undefined;
    const index = await findDocument(indexKey(point.id), ArchiveIndex);
    if (index && (await isWholeHere(index, new Date(at.getTime() - SETTLED_MS)))) return { point, index, passedOver };
    passedOver.push(point.id);
    before = new Date(new Date(point.scheduledAt).getTime() - 1);
  }
};

/** With those that it goes on from, as far back as replication may still be under way. */
const isWholeHere = async (newest: ArchiveIndex, since: Date): Promise<boolean> => {
  for (let index = newest; ; ) {
    for (const { artifact } of index.segments) if (!(await isHere(artifact.uri))) return false;
    if (index.base === null || parsePointId(index.base).scheduledAt < since) return true;
    const base: ArchiveIndex | undefined = await findDocument(indexKey(index.base), ArchiveIndex);
    if (!base) return false;
    index = base;
  }
};

const isHere = async (uri: string): Promise<boolean> => {
  try {
    await headObject(uriHere(uri));
    return true;
  } catch (error) {
    // HEAD has no body, so no code either: only its status says what is meant (HeadObject API reference, 2026-11).
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return false;
    throw error;
  }
};
