import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { expirePoints } from './expiry.ts';

/** Applies the retention of every source: removes what its class no longer keeps, and refuses to remove what must stay. */
export const handler = lambda(z.strictObject({ dryRun: z.boolean().default(false) }), expirePoints);
