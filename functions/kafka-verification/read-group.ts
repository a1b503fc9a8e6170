import { lambda } from '../../shared/lambda/lambda.ts';
import { GroupRequest, readGroup } from './readings.ts';

/** Reads archives through, as far as its time allows. */
export const handler = lambda(GroupRequest, readGroup);
