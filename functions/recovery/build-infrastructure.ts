import { lambda } from '../../shared/lambda/lambda.ts';
import { buildInfrastructure } from './builds.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Builds what stands around database and cache, by the user's own CDK or Terraform. */
export const handler = lambda(PhaseRequest, phase('infrastructure', buildInfrastructure));
