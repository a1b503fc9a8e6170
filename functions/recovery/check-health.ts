import { lambda } from '../../shared/lambda/lambda.ts';
import { checkHealth } from './health.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Asks the endpoints that customers use, until they answer from this region. */
export const handler = lambda(PhaseRequest, phase('health', checkHealth));
