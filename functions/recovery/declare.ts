import { lambda } from '../../shared/lambda/lambda.ts';
import { DeclareRequest, declare } from './declarations.ts';

/** Takes the right to move the platform here, and refuses while the other region is well. */
export const handler = lambda(DeclareRequest, declare);
