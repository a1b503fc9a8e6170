// People decide. The machine waits for a token that stands in the vault and nowhere else: it only wakes the machine, what
// was decided is read from the document, written once by conditional write.
import { InvalidToken, SendTaskSuccessCommand, TaskDoesNotExist, TaskTimedOut } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { sfn } from '../../shared/aws/clients.ts';
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { Approval, approvalKey, FailoverId } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { approvalMessage } from './approval-message.ts';
import { endEpoch, holdEpoch } from './epoch.ts';
import { ApprovalDecided, ApprovalMissing, ApprovalRefused, ApprovalTooLate } from './errors.ts';
import { type PhaseAnswer, type PhaseContext, phase, type Step } from './phases.ts';

export const AwaitRequest = z.strictObject({
  failoverId: FailoverId,
  /** With it: ask, and wake this waiting task once there is an answer. Without: say what the answer is. */
  token: z.string().min(1).optional(),
  /** People were asked and waited for: no answer by the deadline is one, too. */
  waited: z.boolean().default(false),
});
export const ApproveRequest = z.strictObject({
  failoverId: FailoverId,
  decision: z.enum(['granted', 'refused']),
  by: z.string().min(1).max(200),
});

/** @throws {ApprovalRefused} {ApprovalMissing}: the failover is abandoned then. */
export const awaitApproval = async (
  { failoverId, token, waited }: z.output<typeof AwaitRequest>,
  work: Work,
): Promise<PhaseAnswer> => {
  const standing = await findDocument(approvalKey(failoverId), Approval);
  if (standing?.decision === 'refused' || (standing && waited)) await assertNotRefused(failoverId, standing);
  return phase('approve', (context) => (token ? ask(context, token) : settle(context, standing)))({ failoverId }, work);
};

const ask = async (context: PhaseContext, token: string): Promise<Step> => {
  const { failoverId, plan } = context;
  const askedAt = now();
  const fresh: Approval = {
    token,
    askedAt: askedAt.toISOString(),
    deadline: new Date(askedAt.getTime() + plan.approval.deadline * 1000).toISOString(),
  };
  await openDocument(approvalKey(failoverId), Approval, fresh);
  const approval = await changeDocument(approvalKey(failoverId), Approval, (standing) => {
    if (standing.token === token) return standing;
    // Another execution asks: who is asked again after the deadline gets the whole time again.
    return standing.decision || standing.deadline > fresh.askedAt ? { ...standing, token } : fresh;
  });
  if (approval.decision) await wake(token);
  else if (!approval.toldAt) await tell(context, approval);
  return { done: false, waitSeconds: 1, found: `people decide until ${approval.deadline}` };
};

const tell = async (context: PhaseContext, approval: Approval): Promise<void> => {
  await notify(approvalMessage(context, approval));
  await changeDocument(approvalKey(context.failoverId), Approval, (standing) =>
    standing.toldAt ? standing : { ...standing, toldAt: now().toISOString() },
  );
};

const settle = async ({ plan, rehearsal }: PhaseContext, standing: Approval | undefined): Promise<Step> => {
  if (rehearsal)
    return { done: true, facts: { rehearsal: true, decision: 'not asked: nothing of production is moved' } };
  if (plan.approval.mode === 'pre-authorised') return { done: true, facts: { decision: 'pre-authorised' } };
  if (!standing?.decision) return { done: false, waitSeconds: 1, found: 'nobody has decided yet' };
  const { decision, by = '', decidedAt = '', askedAt } = standing;
  return { done: true, facts: { decision, by, askedAt, decidedAt } };
};

const assertNotRefused = async (failoverId: string, { decision, by, deadline }: Approval): Promise<void> => {
  if (decision === 'granted' || (!decision && now() < new Date(deadline))) return;
  await endEpoch(failoverId, 'abandoned');
  const { platform: source } = configuration();
  if (decision)
    throw new ApprovalRefused('the failover was refused.', {
      source,
      found: `refused by ${by}`,
      next: 'Nothing was changed. Start another with a new failoverId should things turn out otherwise.',
    });
  throw new ApprovalMissing('nobody approved the failover in time.', {
    source,
    expected: `a decision until ${deadline}`,
    found: 'none',
    next: 'Nothing was changed. Start the machine again with the same failoverId: people are asked again.',
  });
};

/** Given twice it is the same. @throws {ApprovalTooLate} {ApprovalDecided} {EpochLost} {DocumentMissing} */
export const approve = async ({ failoverId, decision, by }: z.output<typeof ApproveRequest>) => {
  await holdEpoch(failoverId);
  const approval = await changeDocument(approvalKey(failoverId), Approval, (standing) => {
    if (standing.decision === decision) return standing;
    if (standing.decision) throw decided(standing);
    if (now() >= new Date(standing.deadline)) throw tooLate(standing);
    return { ...standing, decision, by, decidedAt: now().toISOString() };
  });
  await wake(approval.token);
  logger.info('failover decided', { failover: failoverId, decision, by: approval.by ?? by });
  return { failoverId, decision, by: approval.by ?? by, decidedAt: approval.decidedAt ?? '' };
};

/** A machine that does not wait for this token any more reads the decision when it asks. */
const wake = async (taskToken: string): Promise<void> => {
  try {
    await sfn().send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  } catch (error) {
    const gone = [TaskTimedOut, TaskDoesNotExist, InvalidToken].some((known) => error instanceof known);
    if (!gone) throw error;
  }
};

const decided = ({ decision, by, decidedAt }: Approval): ApprovalDecided =>
  new ApprovalDecided('it was decided otherwise before.', {
    source: configuration().platform,
    found: `${decision} by ${by}, ${decidedAt}`,
    next: 'The first decision holds. Talk to who gave it; a failover that goes on can be abandoned (docs/failover.md).',
  });

const tooLate = ({ deadline }: Approval): ApprovalTooLate =>
  new ApprovalTooLate('the time to decide is over.', {
    source: configuration().platform,
    expected: `a decision until ${deadline}`,
    next: 'Start the machine again with the same failoverId: people are asked again.',
  });
