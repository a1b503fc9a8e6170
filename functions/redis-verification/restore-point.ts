import { lambda } from '../../shared/lambda/lambda.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { restoreTest } from './test-groups.ts';

/** Asks for a private replication group made from the archive, or looks how far it is. */
export const handler = lambda(StepRequest, restoreTest);
