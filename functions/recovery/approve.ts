import { lambda } from '../../shared/lambda/lambda.ts';
import { ApproveRequest, approve } from './approvals.ts';

/** Takes the decision of a person. Whoever may invoke this function may decide. */
export const handler = lambda(ApproveRequest, approve);
