// Catch is not finally: a machine's own time-out, errors of its expressions and people who stop it pass every Catch. Step
// Functions says how each execution ended, and that is told here.
import { z } from 'zod';
import { settings } from '../../shared/config/settings.ts';
import { Json } from '../../shared/json.ts';
import { notify, recovered } from '../../shared/notify/notify.ts';

/** The envelope is AWS's and grows (Step Functions guide, "EventBridge", 2026-11); ours to be strict about is what we read. */
export const ExecutionEvent = z.looseObject({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.looseObject({
    executionArn: z.string().startsWith('arn:'),
    stateMachineArn: z.string().startsWith('arn:'),
    name: z.string(),
    status: z.enum(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
    startDate: z.number(),
    stopDate: z.number().nullish(),
    /** Left out where it is large. */
    input: z.string().nullish(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
type Execution = z.output<typeof ExecutionEvent>['detail'];

export const followExecution = async ({ detail }: z.output<typeof ExecutionEvent>): Promise<{ told: boolean }> => {
  const { region, service } = settings();
  const machine = detail.stateMachineArn.slice(detail.stateMachineArn.lastIndexOf(':') + 1).replace(`${service}-`, '');
  const source = sourceIn(detail.input) ?? machine;
  const trouble = `${machine}-failed`;
  if (detail.status === 'SUCCEEDED') {
    await recovered({ source, trouble, evidence: [`succeeded: ${detail.executionArn}`] });
    return { told: false };
  }
  await notify({
    topic: 'critical',
    what: `${machine} of ${source} ended ${detail.status}${detail.error ? `: ${detail.error}` : ''}`,
    source,
    since: new Date(detail.startDate),
    impact:
      'What this execution was to do is not done, or not to its end. What it left behind is removed by the next sweep.',
    evidence: evidenceOf(detail),
    next: `Read the failed state, mend the cause, then go on from it: aws stepfunctions redrive-execution --region ${region} --execution-arn ${detail.executionArn}`,
    trouble,
  });
  return { told: true };
};

const evidenceOf = ({ executionArn, status, stopDate, error, cause }: Execution): string[] => [
  `execution: ${executionArn}`,
  `status: ${status}${stopDate ? `, at ${new Date(stopDate).toISOString()}` : ''}`,
  ...(error ? [`error: ${error}`] : []),
  ...(cause ? [`cause: ${cause}`] : []),
];

const Input = Json.pipe(z.object({ source: z.string().min(1) }));

/** Machines that work on one source have it in their input. */
const sourceIn = (input: string | null | undefined): string | undefined => Input.safeParse(input ?? '').data?.source;
