import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { compareCache } from './comparisons.ts';

/** Logs in to the restored cache, reads it through and compares it with its archive. */
export const handler = lambda(StepRequest, compareCache);
