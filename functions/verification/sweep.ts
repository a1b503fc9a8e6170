import { lambda } from '../../shared/lambda/lambda.ts';
import { SweepRequest, sweep } from './sweeps.ts';

/** Removes test instances that dead executions left behind. */
export const handler = lambda(SweepRequest, sweep);
