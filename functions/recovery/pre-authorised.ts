// What follows from an assessment: nothing while all is well; a message when it turns, with the command that starts the
// failover; and the failover itself where it was authorised beforehand.
import { ExecutionAlreadyExists, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { sfn } from '../../shared/aws/clients.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { notify } from '../../shared/notify/notify.ts';
import type { Assessment } from '../../shared/recovery/assessment.ts';
import { livesHere } from './residence.ts';

/** Safe to call twice for the same assessment: the failover is named after the moment the trouble began. */
export const actUpon = async (
  plan: Recovery,
  assessment: Assessment,
  before: Assessment | undefined,
): Promise<void> => {
  // Once it lives here, or is moving here, what the other region does is no reason to move it again.
  if (await livesHere()) return;
  if (assessment.confirmed) {
    const failoverId = failoverIdFor(assessment);
    const authorised = plan.approval.mode === 'pre-authorised';
    if (authorised) await startFailover(failoverId, assessment);
    if (!before?.confirmed) await tellDown(assessment, failoverId, authorised);
  } else if (before?.confirmed && assessment.verdict === 'healthy') {
    await tellRecovered(assessment, before);
  }
};

/** `auto-20261125t143000z`: an assessment repeated, or the next of the same trouble, asks for the same failover. */
const failoverIdFor = ({ since, at }: Assessment): string =>
  `auto-${(since ?? at).replace(/[-:]|\.\d{3}/g, '').toLowerCase()}`;

const machineArn = (): string => {
  const { region, account, service } = settings();
  return `arn:aws:states:${region}:${account}:stateMachine:${service}-failover`;
};

const startFailover = async (failoverId: string, { reasons }: Assessment): Promise<void> => {
  const reason = `Assessment: ${reasons.join('; ')}`.slice(0, 500);
  try {
    await sfn().send(
      new StartExecutionCommand({
        stateMachineArn: machineArn(),
        name: failoverId,
        input: JSON.stringify({ failoverId, reason }),
      }),
    );
  } catch (error) {
    // A standard machine answers a name it has seen with other input like this; with the same input it adopts.
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
  }
};

const tellDown = async (assessment: Assessment, failoverId: string, authorised: boolean): Promise<void> => {
  const { platform, regions } = configuration();
  const loss = Object.entries(assessment.dataLossSeconds).map(
    ([source, seconds]) =>
      `${source}: ${seconds === null ? 'cannot be told' : `${Math.round(seconds)} s`} would be lost`,
  );
  const input = JSON.stringify({ failoverId, reason: '<why>' });
  await notify({
    topic: 'disaster',
    what: `${platform}: ${settings().peer.region} is down`,
    source: platform,
    since: new Date(assessment.since ?? assessment.at),
    impact: `Customers of ${platform} are not served from ${regions.primary}.`,
    evidence: [...assessment.reasons, ...loss, `confidence ${Math.round(assessment.confidence * 100)} %`],
    next: authorised
      ? `The failover ${failoverId} was started, as authorised beforehand. Follow its messages.`
      : `Decide. To fail over: aws stepfunctions start-execution --region ${settings().region} --state-machine-arn ${machineArn()} --name ${failoverId} --input '${input}'`,
  });
};

const tellRecovered = async ({ at }: Assessment, { since }: Assessment): Promise<void> => {
  const { platform } = configuration();
  await notify({
    topic: 'disaster',
    what: `${platform}: ${settings().peer.region} answers again`,
    source: platform,
    since: new Date(since ?? at),
    impact: 'No failover was begun; the platform lives where it was.',
    evidence: [`all signals that could be asked say up, at ${at}`],
    next: 'Confirm with a test order, then look for what happened.',
  });
};
