import { lambda } from '../../shared/lambda/lambda.ts';
import { AssessRequest, assess } from './assessment.ts';

/** Says whether the other region is lost, and starts what is pre-authorised. */
export const handler = lambda(AssessRequest, assess);
