// S3 of the local region: objects are files, everything about them is kept in memory.
import * as sdk from '@aws-sdk/client-s3';
import { defineService } from '../../service.ts';
import type { Region } from '../../types.ts';
import { bucketOperations } from './buckets.ts';
import { objectDeletes } from './deletes.ts';
import { noSuchKey } from './errors.ts';
import { flipByte, type Piece } from './files.ts';
import { createLifecycleTimer } from './lifecycle-timer.ts';
import { listings } from './listings.ts';
import { multipartUploads } from './multipart.ts';
import { partListings } from './parts.ts';
import { checksFor, type Request } from './permissions.ts';
import { objectReads } from './reads.ts';
import { bucketSettings } from './settings.ts';
import { bucketHere, objectOf, type S3Service, type Store } from './store.ts';
import { objectWrites } from './writes.ts';

export type { S3Service } from './store.ts';

export const createS3 = (region: Region): S3Service => {
  const store: Store = { region, buckets: new Map(), replicationLagMs: 5000, stalled: [] };
  const lifecycle = createLifecycleTimer(store);
  const pieces = (bucket: string, key: string, versionId?: string): Piece[] => {
    const object = objectOf(bucketHere(store, bucket), key, versionId);
    if (!object) throw noSuchKey(key);
    return object.pieces;
  };
  const service = defineService(sdk, {
    ...bucketOperations(store),
    ...bucketSettings(store, lifecycle.start),
    ...objectReads(store),
    ...objectWrites(store),
    ...objectDeletes(store),
    ...multipartUploads(store),
    ...partListings(store),
    ...listings(store),
  });
  return {
    ...service,
    store,
    authorize: (operation, input) => checksFor(store, operation, input as Request),
    close: async () => lifecycle.stop(),
    setReplicationLag: (ms) => {
      store.replicationLagMs = ms;
    },
    path: (bucket, key, versionId) => pieces(bucket, key, versionId)[0]?.file ?? '',
    corrupt: (bucket, key, offset, versionId) => flipByte(pieces(bucket, key, versionId), offset),
  };
};
