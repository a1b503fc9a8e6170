import { configuration, redisSourceNamed } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Message } from '../../shared/notify/message.ts';
import type { Approval, Facts } from '../../shared/recovery/documents.ts';
import type { PhaseContext } from './phases.ts';

/** What people need to decide, and the command that decides. The token is no part of it. */
export const approvalMessage = (
  { failoverId, from, to, declaredAt, plan, factsOf }: PhaseContext,
  { deadline }: Approval,
): Message => {
  const { platform } = configuration();
  const declared = factsOf('declare') ?? {};
  const lost = Object.entries((declared.dataLossSeconds ?? {}) as Record<string, number | null>);
  // A cache has an objective of its own: it is backed up by the hour.
  const objectiveOf = (source: string): number =>
    source === plan.cache?.source ? redisSourceNamed(source).objectives.rpo : plan.objectives.rpo;
  const late = lost.filter(([source, seconds]) => seconds === null || seconds > objectiveOf(source));
  return {
    topic: 'disaster',
    what: `Failover of ${platform} to ${to} waits for approval until ${deadline}`,
    source: platform,
    since: typeof declared.since === 'string' ? new Date(declared.since) : declaredAt,
    impact: `${from} is left; its database is shut to the application. ${lost.map(lossOf).join(' ') || 'What is lost cannot be told.'}`,
    evidence: [
      ...seen(declared),
      ...late.map(([source]) => `${source}: more than the objective of ${objectiveOf(source)} s, or not known`),
    ],
    next: `Approve: ${commandFor(failoverId, 'granted')} — refuse: ${commandFor(failoverId, 'refused')}`,
  };
};

const lossOf = ([source, seconds]: [string, number | null]): string =>
  seconds === null
    ? `What is lost of ${source} cannot be told.`
    : `About ${Math.round(seconds)} s of ${source} are lost.`;

const seen = ({ reason, by, verdict, confidence, reasons, overridden, assessedAt }: Facts): string[] => [
  `declared${by ? ` by ${by}` : ''}: ${reason}`,
  `assessment: ${verdict}, confidence ${Math.round(Number(confidence) * 100)} %, ${assessedAt ?? 'none'}`,
  ...(Array.isArray(reasons) ? reasons.map(String) : []),
  ...(overridden ? ['the outage is NOT confirmed: the platform’s name was typed to override that'] : []),
];

const commandFor = (failoverId: string, decision: string): string => {
  const { region, service } = settings();
  const payload = JSON.stringify({ failoverId, decision, by: '<your name>' });
  return `aws lambda invoke --region ${region} --function-name ${service}-recoveryApprove --cli-binary-format raw-in-base64-out --payload '${payload}' /dev/stdout`;
};
