import { lambda } from '../../shared/lambda/lambda.ts';
import { AdvanceRequest, advanceById } from './progress.ts';

/** Looks at one recovery point and takes its next step: stored, copied, exported, or not yet. */
export const handler = lambda(AdvanceRequest, advanceById);
