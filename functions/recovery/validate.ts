import { lambda } from '../../shared/lambda/lambda.ts';
import { PhaseRequest, phase } from './phases.ts';
import { validate } from './validation.ts';

/** Answers the checklist after a failover, and puts to people what only they can say. */
export const handler = lambda(PhaseRequest, phase('validate', validate));
