// What audiences read while a failover runs: those inside with names and figures, customers without any.
import { secondsBetween } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Notice } from '../../shared/notify/message.ts';
import { clockTime, inWords } from '../../shared/notify/words.ts';
import type { Epoch, Phase, PhaseRecord } from '../../shared/recovery/documents.ts';

export interface Progress {
  at: Date;
  epoch: Epoch;
  /** In their order. */
  phases: PhaseRecord[];
  /** Since when customers suffer, as far as it was seen. */
  since: Date;
}

type Turn = number | 'end';
const KIND: Record<Epoch['kind'], string> = { failover: 'Failover', failback: 'Failback', drill: 'Drill' };

const common = ({ epoch, at }: Progress, nextUpdate: Date | undefined) => ({
  schemaVersion: 1 as const,
  platform: configuration().platform,
  region: epoch.to,
  topic: 'disaster',
  state: 'update' as const,
  source: epoch.failoverId,
  ...(nextUpdate ? { nextUpdate: clockTime(nextUpdate, at) } : {}),
});

export const internalUpdate = (progress: Progress, _: Turn, nextUpdate: Date | undefined): Notice => {
  const { epoch, phases, since } = progress;
  return {
    ...common(progress, nextUpdate),
    wording: 'internal',
    what: `${KIND[epoch.kind]} of ${configuration().platform} from ${epoch.from} to ${epoch.to} ${stateOf(progress)}`,
    since: since.toISOString(),
    impact: impactOf(epoch),
    evidence: [
      `why: ${epoch.reason}`,
      `declared: ${epoch.declaredAt}`,
      ...phases.map((phase) => lineOf(phase, progress)),
    ],
    next:
      epoch.status === 'running'
        ? `Follow it: aws stepfunctions describe-execution --region ${epoch.to} --execution-arn ${epoch.execution}`
        : `Read the report: what was checked, what was lost, and how long each phase took. ${epoch.status === 'abandoned' ? 'Customers were told of no end: tell them how it goes on.' : ''}`.trim(),
  };
};

const stateOf = ({ epoch, phases, at }: Progress): string => {
  const took = inWords(secondsBetween(new Date(epoch.declaredAt), epoch.endedAt ? new Date(epoch.endedAt) : at));
  if (epoch.status !== 'running')
    return epoch.status === 'done' ? `is done, after ${took}` : `was abandoned after ${took}`;
  const current = phases.filter(({ endedAt }) => !endedAt).map(({ phase }) => phase);
  const done = phases.length - current.length;
  return `under way for ${took}: ${done} ${done === 1 ? 'phase' : 'phases'} done, now ${current.join(' and ') || 'between phases'}`;
};

const impactOf = ({ kind, status, from, to }: Epoch): string => {
  if (status === 'done') return `The platform lives in ${to}.`;
  if (status === 'abandoned') return `The platform was not moved to the end; find out which region serves customers.`;
  return kind === 'failback'
    ? `Customers are served from ${from}; writes pause while the platform is switched over.`
    : 'Customers are not served, or not fully, until it is done.';
};

/** `database: done in 45 s (target 15 min)`, or why it is not. */
const lineOf = ({ phase, startedAt, endedAt, targetSeconds, found }: PhaseRecord, { at }: Progress): string => {
  const seconds = secondsBetween(new Date(startedAt), endedAt ? new Date(endedAt) : at);
  const late = targetSeconds !== undefined && seconds > targetSeconds ? ', LATE' : '';
  const target = targetSeconds === undefined ? '' : ` (target ${inWords(targetSeconds)}${late})`;
  return endedAt
    ? `${phase}: done in ${inWords(seconds)}${target}`
    : `${phase}: under way for ${inWords(seconds)}${target}${found ? `: ${found}` : ''}`;
};

/** What customers read from the phase on that is named. */
const STAGES: { from: Phase; doing: string }[] = [
  { from: 'declare', doing: 'We know of it and are preparing to restore our service in another location.' },
  {
    from: 'database',
    doing: 'We are restoring our service in another location; your data is being made available there.',
  },
  { from: 'dns', doing: 'Our service is restored in another location. We are switching over to it and checking it.' },
];

/** Names nothing inside: no region, no phase, no figure that only we understand. */
export const customerUpdate = (progress: Progress, turn: Turn, nextUpdate: Date | undefined): Notice => {
  const { epoch, since, at } = progress;
  const planned = epoch.kind === 'failback';
  const subject = planned ? 'Maintenance' : 'Service disruption';
  const ended = turn === 'end';
  return {
    ...common(progress, nextUpdate),
    source: configuration().platform,
    wording: 'customer',
    what: ended ? (planned ? 'Maintenance finished' : 'Service restored') : `${subject}, update ${turn + 1}`,
    since: (planned ? new Date(epoch.declaredAt) : since).toISOString(),
    impact: ended
      ? `Our service is available again since ${clockTime(new Date(epoch.endedAt ?? at), at)}.`
      : planned
        ? 'Our service is available. For a few moments changes may not be accepted; please try again then.'
        : 'Our service is not available, or only in part. We are sorry.',
    evidence: [],
    next: ended ? 'There is nothing you need to do. Thank you for your patience.' : doingNow(progress),
  };
};

const doingNow = ({ epoch, phases }: Progress): string => {
  if (epoch.kind === 'failback') return 'We are moving our service between locations, as planned.';
  const reached = phases.map(({ phase }) => phase);
  const stage = STAGES.findLast(({ from }) => reached.includes(from)) ?? STAGES[0];
  return (stage as (typeof STAGES)[number]).doing;
};
