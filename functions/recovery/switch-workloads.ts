import { lambda } from '../../shared/lambda/lambda.ts';
import { PhaseRequest, phase } from './phases.ts';
import { switchWorkloads } from './workloads.ts';

/** Brings up the workloads of this region with the endpoints of its database and cache. */
export const handler = lambda(PhaseRequest, phase('workloads', switchWorkloads));
