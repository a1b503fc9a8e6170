import { lambda } from '../../shared/lambda/lambda.ts';
import { CompareRequest, compareFingerprint } from './comparisons.ts';

/** Compares one work item of the restored copy with the fingerprints of its recovery point. */
export const handler = lambda(CompareRequest, compareFingerprint);
