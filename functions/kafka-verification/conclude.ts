import { lambda } from '../../shared/lambda/lambda.ts';
import { ConcludeRequest } from '../../shared/verification/requests.ts';
import { conclude } from './conclusions.ts';

/** Judges the verification of archives by its evidence, records the verdict and tells people. */
export const handler = lambda(ConcludeRequest, conclude);
