import { lambda } from '../../shared/lambda/lambda.ts';
import { GuardRequest, guard } from './fence-watch.ts';

/** Shuts an old primary that comes back, for as long as the platform lives here. */
export const handler = lambda(GuardRequest, guard);
