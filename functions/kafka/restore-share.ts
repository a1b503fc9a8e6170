import { lambda } from '../../shared/lambda/lambda.ts';
import { restoreShare, ShareRestore } from './restoring.ts';

/** Restores a share of the partitions of a restore, as far as its time allows; called again, it goes on behind what it noted. */
export const handler = lambda(ShareRestore, (request, work) => restoreShare(request, work));
