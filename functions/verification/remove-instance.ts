import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { removeInstance } from './test-instances.ts';

/** Removes the test instance of one execution. */
export const handler = lambda(StepRequest, removeInstance);
