import { lambda } from '../../shared/lambda/lambda.ts';
import { TakeRequest, takeFingerprint } from './fingerprints.ts';

/** Reads one work item of a fingerprint and leaves its digests in the vault. */
export const handler = lambda(TakeRequest, takeFingerprint);
