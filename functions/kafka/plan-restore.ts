import { lambda } from '../../shared/lambda/lambda.ts';
import { planRestore, RestoreRequest } from './restore-plans.ts';

/** Plans a restore into a cluster, and makes the topics it needs. */
export const handler = lambda(RestoreRequest, planRestore);
