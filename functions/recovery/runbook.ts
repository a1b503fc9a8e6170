// The plan as people read it in the night it is needed: Markdown, so that it can be printed, and read in any editor.
import type { Phase } from '../../shared/recovery/documents.ts';
import type { Plan, PlannedCall, PlannedPhase } from '../../shared/recovery/plan.ts';

export const runbookOf = (plan: Plan, service: string): string =>
  `${[
    `# Moving ${plan.platform} from ${plan.from} to ${plan.to}`,
    `Written ${plan.at} by \`recoveryPlan\`, from the configuration and from what stood in ${plan.to} at that time. Nothing was touched.`,
    list(plan.headline),
    '## Start it',
    start(plan, service),
    '## What it does',
    'The machine does all of this by itself. The calls stand here for those who watch it, and for those who have to go on without it.',
    ...plan.phases.map((phase, index) => phaseOf(phase, index + 1)),
    '## What would be lost',
    lossTable(plan),
    '## Is everything there?',
    list(plan.readiness.map(({ step, ready, found }) => `${ready ? 'yes' : '**NO**'}: ${step}: ${found}`)),
    ...(plan.quotas.length ? [quotaTable(plan)] : []),
    '## What would not be recovered',
    list(plan.notRecovered.map(({ what, reason }) => `${what}: ${reason}`)),
    '## What this plan does not know',
    list(plan.notChecked),
    '## When it stops',
    `The machine tells people what is done and what is not, and fails as \`FailoverStopped\`. Mend the cause and start it again with the same \`failoverId\`: it goes on where it stopped. Phases keep their records under \`recovery/<failoverId>/phases/\` in the vault of ${plan.to}.`,
  ].join('\n\n')}\n`;

const list = (lines: readonly string[]): string => lines.map((line) => `- ${line}`).join('\n') || '- nothing';

const code = (lines: readonly string[]): string => ['```sh', ...lines, '```'].join('\n');

const start = ({ to, phases }: Plan, service: string): string => {
  const input = `{"failoverId": "<an id never used>", "reason": "<what people are told>", "by": "<your name>"}`;
  const machine = `$(aws stepfunctions list-state-machines --region ${to} --query "stateMachines[?name=='${service}-failover'].stateMachineArn" --output text)`;
  const asked = phases.some(
    ({ phase, calls }) => phase === 'approve' && calls.some(({ call }) => call === 'sns:Publish'),
  );
  return [
    code([`aws stepfunctions start-execution --region ${to} --state-machine-arn ${machine} --input '${input}'`]),
    `Add \`"override": "<the platform's name>"\` where the outage is not confirmed.${asked ? ' People are asked to approve; the message has the command.' : ''}`,
  ].join('\n\n');
};

const WHAT: Record<Phase, string> = {
  declare: 'takes the right to move the platform',
  approve: 'asks people',
  fence: 'shuts the application out of the old database',
  database: 'makes the database here the one that takes writes; at the same time as the cache',
  cache: 'makes the cache from its newest archive; at the same time as the database',
  streams: 'makes the topics from their archives, and sets the groups that read them; at the same time as the database',
  infrastructure:
    'builds what the workloads stand upon, by your own CDK or Terraform; at the same time as the database',
  workloads: 'gives the workloads their endpoints and rolls them out',
  dns: "sends customers' names here",
  health: 'asks what customers use until it answers',
  monitoring: 'wakes schedules and alarms here, and puts those of the other region to sleep',
  validate: 'answers the checklist',
  announce: 'tells people what it took',
};

const phaseOf = (
  { phase, function: by, calls, expectedSeconds, basis, targetSeconds }: PlannedPhase,
  number: number,
) => {
  const target = targetSeconds === undefined ? '' : `, target ${targetSeconds} s`;
  return [
    `### ${number}. ${phase}: ${WHAT[phase]}`,
    `About ${Math.round(expectedSeconds)} s (${basis}${target}). Function \`${by}\`.`,
    ...(calls.length > 0 ? [callTable(calls)] : []),
  ].join('\n\n');
};

/** A bar would end the cell. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

const callTable = (calls: readonly PlannedCall[]): string =>
  table(
    ['call', 'on', 'region', 'permission'],
    calls.map(({ call, on, region, bestEffort, permission, found }) => [
      `\`${call}\``,
      on,
      `${region}${bestEffort ? ', if it answers' : ''}`,
      permission === 'not by IAM' ? (found ?? permission) : `${permission}${found ? `: ${found}` : ''}`,
    ]),
  );

const lossTable = ({ dataLoss, assessedAt }: Plan): string =>
  [
    table(
      ['source', 'lost now', 'objective', ''],
      dataLoss.map(({ source, seconds, objectiveSeconds, late }) => [
        source,
        seconds === null ? 'not known' : `${Math.round(seconds)} s`,
        `${objectiveSeconds} s`,
        late ? '**late**' : 'as promised',
      ]),
    ),
    assessedAt ? `By the assessment of ${assessedAt}.` : 'Nothing was assessed lately.',
  ].join('\n\n');

const quotaTable = ({ quotas }: Plan): string =>
  table(
    ['quota', 'used', 'of', 'needed', ''],
    quotas.map(({ name, used, max, needed, enough }) => [
      name,
      `${used}`,
      `${max}`,
      `${needed}`,
      enough ? 'enough' : '**NOT ENOUGH**',
    ]),
  );
