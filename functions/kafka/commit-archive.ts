import { lambda } from '../../shared/lambda/lambda.ts';
import { commitArchive, PointRequest } from './commits.ts';

/** Makes what was archived a recovery point. */
export const handler = lambda(PointRequest, commitArchive);
