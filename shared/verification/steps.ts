import { z } from 'zod';
import { parsePointId } from '../catalog/ids.ts';

/** What every step between restore and verdict is told. */
export const StepRequest = z.strictObject({
  source: z.string(),
  recoveryPoint: z.string(),
  execution: z.string().min(1),
});
export type StepRequest = z.output<typeof StepRequest>;

/** The last part of an execution's ARN: its name, unique within the machine for ninety days. */
export const executionName = (arn: string): string => arn.slice(arn.lastIndexOf(':') + 1);

/** Where the steps of one verification leave what they found. */
export const evidenceFolder = (recoveryPoint: string, execution: string): string =>
  `evidence/${parsePointId(recoveryPoint).source}/${recoveryPoint}/${executionName(execution)}`;

/** Where the verdict and all it rests on stand. */
export const evidenceKey = (recoveryPoint: string, execution: string): string =>
  `${evidenceFolder(recoveryPoint, execution)}.json`;
