import { lambda } from '../../shared/lambda/lambda.ts';
import { RestoreRequest, startRestore } from './restores.ts';

/** Starts a restore to a new instance: from a snapshot, or to a point in time. Run again, it finds its own instance. */
export const handler = lambda(RestoreRequest, startRestore);
