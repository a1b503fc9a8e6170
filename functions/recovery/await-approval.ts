import { lambda } from '../../shared/lambda/lambda.ts';
import { AwaitRequest, awaitApproval } from './approvals.ts';

/** Asks people whether the platform may be moved, and says what they answered. */
export const handler = lambda(AwaitRequest, awaitApproval);
