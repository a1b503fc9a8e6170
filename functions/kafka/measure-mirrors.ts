import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { measureMirrors } from './mirror-measurements.ts';

/** Measures how far mirrors of clusters are behind, as a metric. */
export const handler = lambda(z.strictObject({}), measureMirrors);
