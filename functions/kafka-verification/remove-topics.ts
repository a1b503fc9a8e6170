import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { removeTopics } from './plans.ts';

/** Removes the topics of one execution. */
export const handler = lambda(StepRequest, removeTopics);
