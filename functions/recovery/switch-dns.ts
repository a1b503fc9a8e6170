import { lambda } from '../../shared/lambda/lambda.ts';
import { switchDns } from './dns.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Sends customers to this region: their names lead here when it is done. */
export const handler = lambda(PhaseRequest, phase('dns', switchDns));
