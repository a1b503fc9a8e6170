// How a failover ends: told with what it took and what it cost, or with where it stopped and how it goes on.
import { z } from 'zod';
import { now, secondsBetween } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { Json } from '../../shared/json.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { type Facts, FailoverId } from '../../shared/recovery/documents.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { doneMessage, stoppedMessage } from './announcement-messages.ts';
import { endEpoch } from './epoch.ts';
import { FailoverStopped } from './errors.ts';
import { type PhaseAnswer, type PhaseContext, phase, phaseRecords, type Step } from './phases.ts';

const Failed = z.strictObject({
  /** Name of the state that failed. */
  state: z.string().min(1),
  error: z.string().min(1),
  cause: z.string(),
});
type Failed = z.output<typeof Failed>;
/** `also`: what failed beside it, at the same time. */
export const Trouble = Failed.extend({ also: z.array(Failed).default([]) });
export type Trouble = z.output<typeof Trouble>;

export const AnnounceRequest = z.strictObject({
  failoverId: FailoverId,
  execution: z.string().min(1),
  /** Why the machine stops here; left out, it has come to its end. */
  trouble: Trouble.optional(),
  /** The execution was redriven since the trouble: go on. */
  redriven: z.boolean().default(false),
});
type AnnounceRequest = z.output<typeof AnnounceRequest>;

/** @throws {FailoverStopped} after people were told: the state that gets it is the one a redrive begins with. */
export const announce = async (request: AnnounceRequest, work: Work): Promise<PhaseAnswer | { goOn: true }> => {
  const { failoverId, trouble, redriven } = request;
  if (!trouble) return phase('announce', conclude)({ failoverId }, work);
  if (redriven) return { goOn: true };
  return stop(request, trouble);
};

/** The epoch ends before it is told: a message that nobody got is repeated, a failover that goes on unnoticed is not. */
const conclude = async (context: PhaseContext): Promise<Step> => {
  const { failoverId, declaredAt, factsOf } = context;
  const ended = await endEpoch(failoverId, 'done');
  const endedAt = ended.endedAt ?? now().toISOString();
  const records = await phaseRecords(failoverId);
  // What is checked and told afterwards keeps nobody waiting.
  const served = new Date(records.find(({ phase: of }) => of === 'health')?.endedAt ?? endedAt);
  const since = factsOf('declare')?.since;
  const facts: Facts = {
    rtoSeconds: secondsBetween(declaredAt, served),
    outageSeconds: typeof since === 'string' ? secondsBetween(new Date(since), served) : null,
    totalSeconds: secondsBetween(declaredAt, new Date(endedAt)),
    lossSeconds: factsOf('database')?.lossSeconds ?? null,
  };
  await notify(doneMessage(context, records, facts));
  const { platform } = configuration();
  record('FailoverDuration', Number(facts.rtoSeconds), platform);
  if (facts.lossSeconds !== null) record('FailoverDataLoss', Number(facts.lossSeconds), platform);
  return { done: true, facts };
};

/** Errors after which nothing was changed and nothing is under way. */
const NOTHING_DONE = new Set([
  'ConfigurationInvalid',
  'PrimaryHealthy',
  'OutageNotConfirmed',
  'PlatformHere',
  'FailoverUnderWay',
  'FailoverIdTaken',
  'ApprovalRefused',
  'ApprovalMissing',
]);

const stop = async ({ failoverId, execution }: AnnounceRequest, trouble: Trouble): Promise<never> => {
  const happened = [causeOf(trouble), ...trouble.also.map(inWords)].join(' Also: ');
  const records = await phaseRecords(failoverId);
  const message = stoppedMessage({
    ...{ failoverId, execution, state: trouble.state, happened, records },
    nothingDone: NOTHING_DONE.has(trouble.error),
  });
  await notify(message);
  throw new FailoverStopped(`"${trouble.state}" ended as ${trouble.error}: ${happened}`, {
    source: configuration().platform,
    next: message.next,
  });
};

const inWords = (failed: Failed): string => `"${failed.state}" ended as ${failed.error}: ${causeOf(failed)}`;

/** A function's error comes as JSON with its message and its stack; of AWS's own, as text. */
const Failure = z.looseObject({ errorMessage: z.string() });
export const causeOf = ({ cause, error }: Failed): string => {
  const parsed = Json.pipe(Failure).safeParse(cause);
  return (parsed.success ? parsed.data.errorMessage : cause || error).slice(0, 1000);
};
