import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { sweep } from './sweeps.ts';

/** Removes test groups that dead executions left behind. */
export const handler = lambda(z.strictObject({}), sweep);
