import { lambda } from '../../shared/lambda/lambda.ts';
import { GroupsRequest, moveGroups } from './group-restores.ts';

/** Plans, sets or takes back the offsets of consumer groups in restored topics. */
export const handler = lambda(GroupsRequest, moveGroups);
