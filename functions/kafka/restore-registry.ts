import { lambda } from '../../shared/lambda/lambda.ts';
import { RegistryRequest, restoreRegistry } from './registry-restores.ts';

/** Restores the schemas of an archive into a schema registry. Called again with the same id, it goes on. */
export const handler = lambda(RegistryRequest, (request, work) => restoreRegistry(request, work));
