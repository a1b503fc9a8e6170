import { lambda } from '../../shared/lambda/lambda.ts';
import { EndDrillRequest, endDrill } from './drill-endings.ts';

/** Removes what a drill made, keeps what it measured, and tells people. */
export const handler = lambda(EndDrillRequest, endDrill);
