import { lambda } from '../../shared/lambda/lambda.ts';
import { AdvanceRequest, advanceById } from './progress.ts';

/** Looks at one recovery point of a cache and takes its next step: asked for, stored, exported, archived, or not yet. */
export const handler = lambda(AdvanceRequest, advanceById);
