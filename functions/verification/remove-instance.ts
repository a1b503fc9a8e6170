import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from './evidence.ts';
import { removeInstance } from './test-instances.ts';

/** Removes the test instance of one execution. */
export const handler = lambda(StepRequest, removeInstance);
