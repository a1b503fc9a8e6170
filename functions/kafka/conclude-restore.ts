import { lambda } from '../../shared/lambda/lambda.ts';
import { concludeRestore, EndRequest } from './restore-ends.ts';

/** Says what a restore brought back. */
export const handler = lambda(EndRequest, concludeRestore);
