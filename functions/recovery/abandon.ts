import { lambda } from '../../shared/lambda/lambda.ts';
import { AbandonRequest, abandon } from './abandonment.ts';

/** Gives up a failover that is under way; the platform's name has to be typed. */
export const handler = lambda(AbandonRequest, abandon);
