import { lambda } from '../../shared/lambda/lambda.ts';
import { ConnectorsRequest, moveConnectors } from './connector-recoveries.ts';

/** Plans, stops, makes, sets, resumes or looks at the connectors of a recovery. */
export const handler = lambda(ConnectorsRequest, moveConnectors);
