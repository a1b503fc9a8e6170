import { lambda } from '../../shared/lambda/lambda.ts';
import { PartRequest, restorePart } from './restoring.ts';

/** Restores one partition, as far as its time allows, and reads it back. */
export const handler = lambda(PartRequest, restorePart);
