import { lambda } from '../../shared/lambda/lambda.ts';
import { fenceOldPrimary } from './fencing.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Shuts the application out of the old primary, as far as it can be reached. */
export const handler = lambda(PhaseRequest, phase('fence', fenceOldPrimary));
