import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { measure } from './measurements.ts';

/** Measures what the loss of a cluster would cost now, as metrics. */
export const handler = lambda(z.strictObject({}), measure);
