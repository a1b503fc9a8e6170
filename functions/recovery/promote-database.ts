import { lambda } from '../../shared/lambda/lambda.ts';
import { PhaseRequest, phase } from './phases.ts';
import { promoteDatabase } from './promotions.ts';

/** Makes this region's database the one that takes writes. */
export const handler = lambda(PhaseRequest, phase('database', promoteDatabase));
