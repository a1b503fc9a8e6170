import { lambda } from '../../shared/lambda/lambda.ts';
import { PhaseRequest, phase } from './phases.ts';
import { switchStreams } from './streams.ts';

/** Gives the cluster of this region the topics of the other one, and sets the groups that read them. */
export const handler = lambda(PhaseRequest, phase('streams', switchStreams));
