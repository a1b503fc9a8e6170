import { lambda } from '../../shared/lambda/lambda.ts';
import { restoreCache } from './cache-restores.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Gives this region a cache, made from the newest archive that was checked. */
export const handler = lambda(PhaseRequest, phase('cache', restoreCache));
