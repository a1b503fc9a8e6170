import { lambda } from '../../shared/lambda/lambda.ts';
import { AccessRequest, restoreAccess } from './access-restores.ts';

/** Plans or sets ACLs of restored topics, and quotas, and reads them back. */
export const handler = lambda(AccessRequest, restoreAccess);
