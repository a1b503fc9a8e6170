import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { checkArtifacts } from './artifact-checks.ts';

/** Checks every artefact of the catalogue, and reads today's share of them from end to end. Call again until `complete`. */
export const handler = lambda(z.strictObject({ scheduledAt: z.iso.datetime() }), checkArtifacts);
