import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { restorePoint } from './test-instances.ts';

/** Asks for a private instance restored from the recovery point. */
export const handler = lambda(StepRequest, restorePoint);
