import { lambda } from '../../shared/lambda/lambda.ts';
import { RehearseRequest, rehearse } from './rehearsals.ts';

/** Begins drills that are due, announces those that are planned, removes what dead ones left. */
export const handler = lambda(RehearseRequest, rehearse);
