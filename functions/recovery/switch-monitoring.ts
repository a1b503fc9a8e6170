import { lambda } from '../../shared/lambda/lambda.ts';
import { switchMonitoring } from './monitoring.ts';
import { PhaseRequest, phase } from './phases.ts';

/** Wakes backups, measurements and alarms where the platform lives now. */
export const handler = lambda(PhaseRequest, phase('monitoring', switchMonitoring));
