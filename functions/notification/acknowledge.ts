import { lambda } from '../../shared/lambda/lambda.ts';
import { AcknowledgeRequest, acknowledge } from './acknowledgements.ts';

/** Says who takes care of a message that demands it. The first one counts; again changes nothing. */
export const handler = lambda(AcknowledgeRequest, acknowledge);
