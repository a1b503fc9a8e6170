import { lambda } from '../../shared/lambda/lambda.ts';
import { followEvent, RdsEvent } from './events.ts';

/** Continues what an RDS event is about. */
export const handler = lambda(RdsEvent, followEvent);
