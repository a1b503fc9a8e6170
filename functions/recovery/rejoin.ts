import { lambda } from '../../shared/lambda/lambda.ts';
import { RejoinRequest, rejoin } from './rejoining.ts';

/** Gets a region that was left ready to take the platform back: one step of it. */
export const handler = lambda(RejoinRequest, rejoin);
