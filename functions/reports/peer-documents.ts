import { S3ServiceException } from '@aws-sdk/client-s3';
import type { z } from 'zod';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { settings } from '../../shared/config/settings.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { DocumentUnreadable } from '../../shared/vault/errors.ts';

/** A region in trouble answers slowly or not at all. */
const ANSWER_MS = 5_000;

/** A document of the other region's vault. The report is written on the day on which that region is gone, too. */
export const findThere = async <S extends z.ZodType>(key: string, schema: S): Promise<z.output<S> | undefined> => {
  const { region, vaultBucket: bucket } = settings().peer;
  try {
    return await findDocument(key, schema, { region, bucket, signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    const known = isUnreachable(error) || error instanceof S3ServiceException || error instanceof DocumentUnreadable;
    if (!known) throw error;
    logger.warn('a document of the other region could not be read', { region, key, error: (error as Error).name });
    return undefined;
  }
};
