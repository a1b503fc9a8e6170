import { lambda } from '../../shared/lambda/lambda.ts';
import { CanaryRequest, writeCanary } from './canary.ts';

/** Writes one beat of the canary into the database of this region. */
export const handler = lambda(CanaryRequest, writeCanary);
