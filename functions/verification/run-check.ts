import { lambda } from '../../shared/lambda/lambda.ts';
import { CheckRequest, runCheck } from './checks.ts';

/** Runs one configured check against the restored copy. */
export const handler = lambda(CheckRequest, runCheck);
