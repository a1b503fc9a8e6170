import { lambda } from '../../shared/lambda/lambda.ts';
import { RestoreRequest, restoreCache } from './restores.ts';

/** Restores an archive to a new replication group in this region. Called again, it says how far it is. */
export const handler = lambda(RestoreRequest, restoreCache);
