import { lambda } from '../../shared/lambda/lambda.ts';
import { ExecutionEvent, followExecution } from './executions.ts';

/** Tells when an execution of one of our machines ended badly, and when the next one of its kind ended well. */
export const handler = lambda(ExecutionEvent, followExecution);
