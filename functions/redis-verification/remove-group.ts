import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { removeTest } from './test-groups.ts';

/** Removes the test group of one execution, and the file it was made from. */
export const handler = lambda(StepRequest, removeTest);
