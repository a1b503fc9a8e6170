import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { measure } from './measurements.ts';

/** What a disaster would cost right now, as metrics: achievable RPO, ages of the newest and the newest proven point, replica lag. */
export const handler = lambda(z.strictObject({}), measure);
