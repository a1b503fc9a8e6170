import { lambda } from '../../shared/lambda/lambda.ts';
import { AnnounceRequest, announce } from './announcements.ts';

/** Ends a failover and tells people: what it took, or where it stopped. */
export const handler = lambda(AnnounceRequest, announce);
