import { lambda } from '../../shared/lambda/lambda.ts';
import { DeclareRequest, declare } from './declarations.ts';
import { declareDrill } from './drill-declaration.ts';

/** Takes the right to move the platform here, and refuses while the other region is well; or begins a drill. */
export const handler = lambda(DeclareRequest, ({ drill, ...request }, work) =>
  drill ? declareDrill({ ...request, drill }, work) : declare(request, work),
);
