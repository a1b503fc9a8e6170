// What people have to know of a plan before they read it. What would be worse than promised comes first.
import type { Plan } from '../../shared/recovery/plan.ts';

type Known = Omit<Plan, 'headline'>;

export const headlineOf = (plan: Known, livesHere: boolean | 'unknown'): string[] => [
  ...residence(plan, livesHere),
  ...losses(plan),
  duration(plan),
  ...findings(plan),
];

const rounded = (seconds: number): string => `${Math.round(seconds)} s`;

const residence = ({ platform, to }: Known, livesHere: boolean | 'unknown'): string[] => {
  if (livesHere === true) return [`${platform} lives in ${to} already: a failover into it would be refused.`];
  return livesHere === 'unknown' ? [`Where ${platform} lives cannot be known: the other region does not answer.`] : [];
};

/** One line for everything that is late or not known, before one for what is as promised. */
const losses = ({ dataLoss, assessedAt }: Known): string[] => {
  const worse = dataLoss
    .filter(({ late }) => late)
    .map(({ source, seconds, objectiveSeconds }) =>
      seconds === null
        ? `what would be lost of ${source} cannot be told`
        : `${rounded(seconds)} of ${source} would be lost, its objective is ${rounded(objectiveSeconds)}`,
    );
  const kept = dataLoss.flatMap(({ source, seconds, late }) =>
    late || seconds === null ? [] : [`${rounded(seconds)} of ${source}`],
  );
  return [
    ...(worse.length > 0 ? [`WORSE THAN PROMISED: ${worse.join('; ')}.`] : []),
    ...(kept.length > 0 ? [`A failover now would lose ${kept.join(' and ')} (assessed ${assessedAt}).`] : []),
  ];
};

const duration = ({ expected: { rtoSeconds, decidingSeconds, objectiveSeconds } }: Known): string => {
  const late = rtoSeconds > objectiveSeconds ? 'MORE THAN' : 'within';
  const people = decidingSeconds > 0 ? `, of it ${rounded(decidingSeconds)} for people to decide` : '';
  return `Customers served after about ${rounded(rtoSeconds)}${people}: ${late} the objective of ${rounded(objectiveSeconds)}.`;
};

const findings = ({ readiness, phases, quotas, notRecovered }: Known): string[] => {
  const line = (what: string, of: string[]): string[] => (of.length > 0 ? [`${what}: ${of.join('; ')}.`] : []);
  const calls = phases.flatMap(({ calls: made }) => made);
  const unchecked = calls.filter(({ permission }) => permission === 'not checked');
  return [
    ...line(
      'NOT READY',
      readiness.filter(({ ready }) => !ready).map(({ step, found }) => `${step}: ${found}`),
    ),
    ...line(
      'NOT ALLOWED',
      calls.flatMap(({ permission, call, found }) => (permission === 'denied' ? [found ?? call] : [])),
    ),
    ...line(
      'NO ROOM',
      quotas
        .filter(({ enough }) => !enough)
        .map(({ name, used, max, needed }) => `${name}: ${used} of ${max} used, ${needed} needed`),
    ),
    ...line(
      `Permissions of ${unchecked.length} calls not checked`,
      [...new Set(unchecked.flatMap(({ found }) => found ?? []))].slice(0, 3),
    ),
    ...line(
      'Would not be recovered',
      notRecovered.map(({ what }) => what),
    ),
  ];
};
