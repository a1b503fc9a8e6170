import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { sendUpdates } from './updates.ts';

/** While a failover runs: tells every audience, in its own words and at its own pace, until it has ended. */
export const handler = lambda(z.strictObject({}), sendUpdates);
