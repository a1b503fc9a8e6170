import type {
  GetObjectLegalHoldCommandInput,
  GetObjectLegalHoldOutput,
  GetObjectRetentionCommandInput,
  GetObjectRetentionOutput,
  GetObjectTaggingCommandInput,
  GetObjectTaggingOutput,
  PutObjectLegalHoldCommandInput,
  PutObjectLegalHoldOutput,
  PutObjectRetentionCommandInput,
  PutObjectRetentionOutput,
  PutObjectTaggingCommandInput,
  PutObjectTaggingOutput,
} from '@aws-sdk/client-s3';
import { ApiError } from '../../service.ts';
import type { CallContext } from '../../types.ts';
import { checkedTags } from './description.ts';
import { malformed } from './errors.ts';
import { assertObjectLock, assertRetentionAllowed } from './lock.ts';
import { updateReplica } from './replication.ts';
import { bucketHere, objectToRead, type Store } from './store.ts';

/** What can change about a version once it is written: tags, retention, legal hold. */
export const objectSettings = (store: Store) => {
  const find = (input: GetObjectTaggingCommandInput, context: CallContext) => {
    const bucket = bucketHere(store, input.Bucket);
    return { bucket, object: objectToRead(bucket, input, context) };
  };
  const findLockable = (input: GetObjectTaggingCommandInput, context: CallContext) => {
    assertObjectLock(bucketHere(store, input.Bucket));
    return find(input, context);
  };
  const noLock = () =>
    new ApiError('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration');

  return {
    async PutObjectTagging(input: PutObjectTaggingCommandInput, context: CallContext): Promise<PutObjectTaggingOutput> {
      const { bucket, object } = find(input, context);
      object.tags = checkedTags(input.Tagging?.TagSet ?? []);
      updateReplica(store, bucket, object);
      return { VersionId: object.versionId };
    },
    async GetObjectTagging(input: GetObjectTaggingCommandInput, context: CallContext): Promise<GetObjectTaggingOutput> {
      const { object } = find(input, context);
      return { VersionId: object.versionId, TagSet: object.tags };
    },

    /** An empty retention removes it, where that is allowed. */
    async PutObjectRetention(
      input: PutObjectRetentionCommandInput,
      context: CallContext,
    ): Promise<PutObjectRetentionOutput> {
      const { bucket, object } = findLockable(input, context);
      const { Mode: mode, RetainUntilDate: until } = input.Retention ?? {};
      if ((mode === undefined) !== (until === undefined))
        throw malformed('Mode and RetainUntilDate are given together.');
      const asked = mode && until ? { mode, until } : {};
      assertRetentionAllowed(object.lock, asked, context.region.clock.now(), input.BypassGovernanceRetention ?? false);
      const { legalHold } = object.lock;
      object.lock = { ...asked, ...(legalHold && { legalHold }) };
      updateReplica(store, bucket, object);
      return {};
    },
    async GetObjectRetention(
      input: GetObjectRetentionCommandInput,
      context: CallContext,
    ): Promise<GetObjectRetentionOutput> {
      const { mode, until } = findLockable(input, context).object.lock;
      if (!mode) throw noLock();
      return { Retention: { Mode: mode, RetainUntilDate: until } };
    },

    async PutObjectLegalHold(
      input: PutObjectLegalHoldCommandInput,
      context: CallContext,
    ): Promise<PutObjectLegalHoldOutput> {
      const { bucket, object } = findLockable(input, context);
      if (!input.LegalHold?.Status) throw malformed('A legal hold has a Status: ON or OFF.');
      object.lock = { ...object.lock, legalHold: input.LegalHold.Status };
      updateReplica(store, bucket, object);
      return {};
    },
    async GetObjectLegalHold(
      input: GetObjectLegalHoldCommandInput,
      context: CallContext,
    ): Promise<GetObjectLegalHoldOutput> {
      const { legalHold } = findLockable(input, context).object.lock;
      if (!legalHold) throw noLock();
      return { LegalHold: { Status: legalHold } };
    },
  };
};
