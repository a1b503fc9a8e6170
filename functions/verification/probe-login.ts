import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { probeLogin } from './logins.ts';

/** Logs in to the restored copy with the credential that belongs to its recovery point. */
export const handler = lambda(StepRequest, probeLogin);
