import { lambda } from '../../shared/lambda/lambda.ts';
import { ExtentRequest, findExtent } from './extents.ts';

/** Says what an archive has, what the cluster has, and what neither has. */
export const handler = lambda(ExtentRequest, findExtent);
