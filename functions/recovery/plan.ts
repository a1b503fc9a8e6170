import { lambda } from '../../shared/lambda/lambda.ts';
import { makePlan, PlanRequest } from './planning.ts';

/** Says what a failover into this region would do now, and writes the runbook; nothing is touched. */
export const handler = lambda(PlanRequest, makePlan);
