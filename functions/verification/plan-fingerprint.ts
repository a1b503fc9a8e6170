import { lambda } from '../../shared/lambda/lambda.ts';
import { PlanRequest, planFingerprint } from './fingerprint-plans.ts';

/** Decides what a fingerprint of the live database reads, as work items. */
export const handler = lambda(PlanRequest, planFingerprint);
