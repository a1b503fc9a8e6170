import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { measure } from './measurements.ts';

/** What the loss of each cache would cost right now, as metrics: ages of the newest archive, of the newest in the other region, of the newest proven. */
export const handler = lambda(z.strictObject({}), measure);
