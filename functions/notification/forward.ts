import { lambda } from '../../shared/lambda/lambda.ts';
import { forward, SnsEvent } from './forwarding.ts';

/** Posts what SNS brings to the webhooks of its topic, in the form each of them takes. */
export const handler = lambda(SnsEvent, forward);
