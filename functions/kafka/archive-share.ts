import { lambda } from '../../shared/lambda/lambda.ts';
import { archiveShare, ShareRequest } from './archiving.ts';

/** Archives one share of the partitions, as far as its time allows. */
export const handler = lambda(ShareRequest, (request, work) => archiveShare(request, work));
