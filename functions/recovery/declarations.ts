// The first phase: takes the right to move the platform, and refuses to use it while the region it would leave is well.
import { z } from 'zod';
import { now, secondsBetween } from '../../shared/clock.ts';
import { ConfigurationInvalid } from '../../shared/config/define.ts';
import { configuration, rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { readLogin } from '../../shared/rds/logins.ts';
import type { Assessment } from '../../shared/recovery/assessment.ts';
import { type Facts, FailoverId, isDrill, type Phase } from '../../shared/recovery/documents.ts';
import { DrillKind } from '../../shared/recovery/drills.ts';
import { assessmentsBefore } from './assessment.ts';
import { endEpoch, recoveryPlan, takeEpoch } from './epoch.ts';
import { OutageNotConfirmed, PlatformHere, PrimaryHealthy } from './errors.ts';
import { type PhaseAnswer, type PhaseContext, phase, type Step } from './phases.ts';
import { epochHere, epochThere, movedHere } from './residence.ts';

export const DeclareRequest = z
  .strictObject({
    failoverId: FailoverId,
    reason: z.string().min(1).max(500),
    /** Who declares it, for people. */
    by: z.string().min(1).max(200).optional(),
    /** The platform's name, typed: move it although the outage is not confirmed. */
    override: z.string().max(100).optional(),
    /** Everything is made beside production, and removed again. A tabletop has nothing to make. */
    drill: DrillKind.exclude(['tabletop']).optional(),
    execution: z.string().min(1),
  })
  .refine(({ failoverId, drill }) => isDrill(failoverId) === (drill !== undefined), {
    path: ['failoverId'],
    error:
      'the id of a drill begins with "drill-" and no other does; its input says "drill": "partial", "full" or "surprise"',
  });
export type DeclareRequest = z.output<typeof DeclareRequest>;

/** @throws {ConfigurationInvalid} {CredentialMissing} {FailoverUnderWay} {FailoverIdTaken} {PlatformHere} {PrimaryHealthy} {OutageNotConfirmed} */
export const declare = async (request: DeclareRequest, work: Work): Promise<PhaseAnswer> => {
  const { failoverId, execution, reason } = request;
  await assertFenceSparesUs(recoveryPlan());
  const there = await epochThere();
  const elsewhere = there === 'unknown' ? undefined : there;
  await assertElsewhere(failoverId, elsewhere);
  const kind = settings().region === configuration().regions.primary ? 'failback' : 'failover';
  await takeEpoch({ failoverId, kind, execution, reason }, elsewhere?.epoch);
  try {
    return await phase('declare', (context) => decide(context, request))({ failoverId }, work);
  } catch (error) {
    if (error instanceof PrimaryHealthy || error instanceof OutageNotConfirmed) await endEpoch(failoverId, 'abandoned');
    throw error;
  }
};

/** Who fences with a role that is to be fenced shuts itself out, too. Its name stands in a secret, out of the schema's sight. */
const assertFenceSparesUs = async ({ database }: Recovery): Promise<void> => {
  const { source, fence } = database;
  const { username } = await readLogin(source, rdsSourceNamed(source).secret);
  if (!fence.roles.includes(username)) return;
  throw new ConfigurationInvalid('recovery.database.fence.roles names the role that this service logs in with.', {
    source,
    expected: 'roles of the application and no others',
    found: fence.roles,
    next: `Give the application a role of its own, put it in the place of ${username}, and deploy both regions. Nothing was changed.`,
  });
};

/** @throws {PlatformHere} */
export const assertElsewhere = async (
  failoverId: string,
  there: Awaited<ReturnType<typeof epochHere>>,
): Promise<void> => {
  const here = await epochHere();
  if (here?.failoverId === failoverId || here?.status === 'running') return;
  const atHome = settings().region === configuration().regions.primary && !here && !there;
  if (!atHome && !movedHere(here, there)) return;
  throw new PlatformHere('the platform lives in this region already.', {
    source: configuration().platform,
    expected: `a platform that lives in ${settings().peer.region}`,
    found: here ? `moved to ${here.to} by ${here.failoverId}` : 'never moved',
    next: 'Start the machine in the region that the platform should move to.',
  });
};

/** An assessment that is older says nothing of now. */
const FRESH_SECONDS = 5 * 60;
type Seen = Pick<Assessment, 'verdict' | 'confirmed' | 'confidence' | 'reasons' | 'dataLossSeconds'> &
  Partial<Pick<Assessment, 'at' | 'since' | 'downSince'>>;
const NOTHING_SEEN: Seen = {
  verdict: 'unknown',
  confirmed: false,
  confidence: 0,
  reasons: [`no assessment of the last ${FRESH_SECONDS / 60} minutes`],
  dataLossSeconds: {},
};

const newestAssessment = async (): Promise<Seen> => {
  const [newest] = await assessmentsBefore(new Date(now().getTime() + 1000));
  return newest && secondsBetween(new Date(newest.at), now()) < FRESH_SECONDS ? newest : NOTHING_SEEN;
};

export const newestVerdict = async (): Promise<Assessment['verdict']> => (await newestAssessment()).verdict;

const decide = async ({ plan }: PhaseContext, request: DeclareRequest): Promise<Step> => {
  const seen = await newestAssessment();
  const overridden = !seen.confirmed;
  if (overridden && request.override !== configuration().platform) throw refusal(request, seen);
  const facts: Facts = {
    reason: request.reason,
    by: request.by ?? null,
    overridden,
    verdict: seen.verdict,
    confidence: seen.confidence,
    reasons: seen.reasons,
    assessedAt: seen.at ?? null,
    since: seen.since ?? null,
    downSince: seen.downSince ?? null,
    dataLossSeconds: seen.dataLossSeconds,
    approval: { mode: plan.approval.mode, seconds: plan.approval.deadline },
    path: pathOf(plan),
    limits: limitsOf(plan),
  };
  return { done: true, facts };
};

const refusal = ({ override }: DeclareRequest, { verdict, confidence, reasons }: Seen) => {
  const { platform } = configuration();
  const { peer } = settings();
  const typed = override === undefined ? '' : `; the override "${override}" is not the platform's name`;
  const facts = {
    source: platform,
    expected: `${peer.region} seen down in ${recoveryPlan().assessment.confirmations} assessments in a row`,
    found: `${verdict}, confidence ${Math.round(confidence * 100)} %: ${reasons.join('; ')}${typed}`,
    next: `Nothing was changed. Wait for the next assessment, or, if you know better, add "override": "${platform}" to the input: the old primary is fenced first all the same.`,
  };
  return verdict === 'healthy'
    ? new PrimaryHealthy('the region that would be left is well.', facts)
    : new OutageNotConfirmed('the outage is not confirmed.', facts);
};

/** Phases there is something to do for. */
export const pathOf = ({ cache, streams, infrastructure, workloads, dns }: Recovery): Phase[] => [
  'fence',
  'database',
  ...(cache ? ['cache' as const] : []),
  ...(streams ? ['streams' as const] : []),
  ...(infrastructure ? ['infrastructure' as const] : []),
  ...(workloads ? ['workloads' as const] : []),
  ...(dns ? ['dns' as const] : []),
  'health',
  'monitoring',
  'validate',
];

/** What takes three times its target is stuck: people look, and start it again. */
const STUCK_AFTER_TARGETS = 3;
export const limitsOf = ({ targets }: Recovery): Record<string, number> =>
  Object.fromEntries(Object.entries(targets).map(([of, seconds]) => [of, seconds * STUCK_AFTER_TARGETS]));
