import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { writeReport } from './reports.ts';

/** Writes the report of a day into the vault: data and one page. Run again for the same time, it is written anew. */
export const handler = lambda(z.strictObject({ scheduledAt: z.iso.datetime() }), writeReport);
