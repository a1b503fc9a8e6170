import { lambda } from '../../shared/lambda/lambda.ts';
import { MirrorRequest, mirror } from './mirroring.ts';

/** Makes, looks at or leaves the mirror of a cluster. */
export const handler = lambda(MirrorRequest, mirror);
