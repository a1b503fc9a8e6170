import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Message } from '../../shared/notify/message.ts';
import { compared } from '../../shared/recovery/drill-trends.ts';
import type { Drill } from '../../shared/recovery/drills.ts';
import { runbookKey } from '../../shared/recovery/plan.ts';
import { CHECKLIST } from './checklist.ts';

const SCOPE: Record<Drill['kind'], string> = {
  tabletop: 'people go through the plan and its questions; nothing is made',
  partial: 'fence, database and validation',
  full: 'every phase',
  surprise: 'every phase, at a moment that nobody was told',
};

const wordsOf = ({ kind, mode }: Drill): string => `${kind} drill ${mode === 'real' ? 'FOR REAL' : 'on copies'}`;

const means = ({ mode, kind }: Drill): string =>
  mode === 'real'
    ? 'The platform moves to the other region, and customers with it.'
    : kind === 'tabletop'
      ? 'Nothing is touched.'
      : 'Production is not touched: a copy of the database and of the cache is made, looked at and removed.';

const noteCommand = ({ id }: Drill): string => {
  const { region, service } = settings();
  return `aws lambda invoke --region ${region} --function-name ${service}-recoveryNoteLesson --cli-binary-format raw-in-base64-out --payload '${JSON.stringify({ drill: id, by: '<your name>', text: '<what was learnt>' })}' /dev/stdout`;
};

const message = (drill: Drill, rest: Pick<Message, 'what' | 'evidence' | 'next'> & Partial<Message>): Message => ({
  // Who moves the platform for real tells everybody, as does a surprise: the answer of people is part of what is rehearsed.
  topic: drill.mode === 'real' || drill.kind === 'surprise' ? 'disaster' : 'verification',
  source: configuration().platform,
  since: new Date(drill.startedAt ?? drill.dueAt),
  impact: means(drill),
  ...rest,
});

/** Before: people plan for it. */
export const announcedMessage = (drill: Drill): Message =>
  message(drill, {
    what: `A ${wordsOf(drill)} of the failover of ${configuration().platform} begins ${drill.dueAt}`,
    since: now(),
    evidence: [`${drill.id}: ${SCOPE[drill.kind]}`],
    next: `Say who takes part. Not now? Take the kind "${drill.kind}" out of recovery.drills and deploy before it begins.`,
  });

/** A tabletop: the plan, and the questions of the checklist that only people can answer. */
export const handedOutMessage = (drill: Drill, headline: readonly string[]): Message => {
  const { region, vaultBucket } = settings();
  const questions = CHECKLIST.flatMap(({ group, title, by }) =>
    'person' in by ? [`${group}: ${title}? ${by.person}`] : [],
  );
  return message(drill, {
    what: `Tabletop drill of ${configuration().platform}: go through the plan, and through ${questions.length} questions`,
    evidence: [...headline, ...questions],
    next: `Read the runbook together: aws s3 cp s3://${vaultBucket}/${runbookKey(region)} - — and write down what was learnt: ${noteCommand(drill)}`,
  });
};

/** After: what was measured, against the objectives and against the drill before. */
export const endedMessage = (drill: Drill, all: readonly Drill[], plan: Pick<Recovery, 'objectives'>): Message => {
  const { outcome, phases = {}, tasks = [] } = drill.result ?? {};
  return message(drill, {
    what: `${wordsOf(drill)} ${drill.id} of ${configuration().platform}: ${outcome}${tasks.length ? `, ${tasks.length} things to do` : ''}`,
    ...(drill.mode === 'copy' && drill.startedAt
      ? { impact: 'Production was not touched, and every copy is removed.' }
      : {}),
    evidence: [
      ...compared(drill, all, plan.objectives),
      ...Object.entries(phases).map(([phase, seconds]) => `${phase}: ${seconds} s`),
      ...tasks.map((task) => `TO DO ${task}`),
    ],
    next: `${tasks.length ? 'Give each of the tasks to somebody. ' : ''}Write down what was learnt: ${noteCommand(drill)}`,
  });
};
