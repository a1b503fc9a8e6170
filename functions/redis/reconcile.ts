import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { reconcile } from './reconciliation.ts';

/** Compares catalogue and world and moves what hangs. */
export const handler = lambda(z.strictObject({}), reconcile);
