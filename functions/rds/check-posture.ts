import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { checkPosture } from './posture.ts';

/** Compares the automated backups of one source with what the configuration demands. */
export const handler = lambda(z.strictObject({ source: z.string().min(1) }), checkPosture);
