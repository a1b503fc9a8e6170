import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { retryVerifications } from './retries.ts';

/** Begins verifications again that could not test, and those that were due and never began. */
export const handler = lambda(z.strictObject({}), retryVerifications);
