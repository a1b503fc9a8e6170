// The phase before anything that could let two regions take writes. A region that does not answer is not waited for: the
// fence watch goes on trying for as long as the platform lives here.
import { now, secondsBetween } from '../../shared/clock.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Facts } from '../../shared/recovery/documents.ts';
import { rehearseFence } from './drill-fence.ts';
import { NotFenced } from './errors.ts';
import { closeFence, type Fence } from './fences.ts';
import type { PhaseContext, Step } from './phases.ts';

/** Looks that find nobody before the fence is left to the watch: one may be a passing fault. */
const LOOKS = 2;

/** @throws {NotFenced} when the old primary answers and cannot be fenced within the phase's target. */
export const fenceOldPrimary = async (context: PhaseContext, { signal }: Work): Promise<Step> => {
  const { plan, from, noted } = context;
  if (context.rehearsal) return rehearseFence(context, signal);
  const fence = await closeFence(plan.database.source, plan.database.fence.roles, from, signal);
  const facts = factsOf(fence, noted);
  switch (fence.outcome) {
    case 'fenced':
    case 'cannot-write':
      return { done: true, facts };
    case 'closing':
      return { done: false, waitSeconds: 1, found: fence.found, facts };
    case 'unreachable':
      if (!wasHealthy(context) && Number(facts.unanswered) >= LOOKS) return { done: true, facts };
  }
  if (secondsBetween(context.startedAt, now()) < plan.targets.fence)
    return { done: false, waitSeconds: 2, found: fence.found, facts };
  throw notFenced(context, fence);
};

/** Moved although it was well: its database certainly takes writes, so nothing is done before it is shut. */
const wasHealthy = ({ factsOf }: PhaseContext): boolean => factsOf('declare')?.verdict === 'healthy';

const factsOf = ({ outcome, found, ended, lsn }: Fence, noted: Facts): Facts => ({
  outcome,
  found,
  /** Only then is it certain that nobody writes there any more. */
  confirmed: outcome === 'fenced',
  sessionsEnded: Number(noted.sessionsEnded ?? 0) + ended,
  unanswered: Number(noted.unanswered ?? 0) + (outcome === 'unreachable' ? 1 : 0),
  ...(lsn ? { lsn } : {}),
});

const notFenced = ({ plan, from }: PhaseContext, { found }: Fence): NotFenced =>
  new NotFenced('the old primary could not be shut to the application.', {
    source: plan.database.source,
    expected: `no login and no session of ${plan.database.fence.roles.join(', ')} in ${from}`,
    found,
    next: `Mend that, or stop the instance in ${from}, or close its security group so that nobody reaches it; then start the machine again with the same failoverId.`,
  });
