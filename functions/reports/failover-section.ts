// The failover as a picture: what was seen, what each phase took against its target, what was lost, what was checked.
import type { Assessment } from '../../shared/recovery/assessment.ts';
import type { PhaseRecord } from '../../shared/recovery/documents.ts';
import { factsInWords } from './facts.ts';
import type { FailoverReport } from './failover-gathering.ts';
import { type Html, html } from './html.ts';
import { rejoinSection } from './rejoin-section.ts';
import { seconds, time } from './words.ts';

export interface Objectives {
  rto: number;
  rpo: number;
}

export const failoverSection = (
  { epoch, phases, assessments, validation, rejoin }: FailoverReport,
  objectives: Objectives,
): Html => html`<section>
<h2>${KIND[epoch.kind]} ${epoch.failoverId}</h2>
<p>${epoch.from} → ${epoch.to}, epoch ${epoch.epoch}, declared ${time(epoch.declaredAt)} UTC: ${epoch.reason} <strong>${STATUS[epoch.status]}</strong></p>
${figures(phases, objectives)}
<h3>Phases against their targets</h3>
<div class="scroll">${phaseTimeline(epoch.declaredAt, phases)}</div>
<div class="scroll"><table class="checks"><thead><tr><th scope="col">Phase</th><th scope="col">Began (UTC)</th><th scope="col" class="figure">Took</th><th scope="col" class="figure">Target</th><th scope="col">What it left</th></tr></thead><tbody>${phases.map(phaseRow)}</tbody></table></div>
<h3>What the signals said before</h3>
${assessments.length ? signalTable(assessments) : html`<p>Nothing was assessed in the quarter of an hour before.</p>`}
<h3>What was checked afterwards</h3>
${validation.length ? validationTable(validation) : html`<p>No validation was completed.</p>`}
<h3>What was lost, row by row</h3>
${rejoin ? rejoinSection(rejoin) : html`<p>Not known before the old database was compared: start <code>rejoin</code> in ${epoch.from} once it is back.</p>`}
</section>`;

const KIND = { failover: 'Failover', failback: 'Failback', drill: 'Drill' } as const;
const STATUS = { running: 'It is under way.', done: 'It is done.', abandoned: 'It was abandoned.' } as const;

const factOf = (phases: readonly PhaseRecord[], phase: PhaseRecord['phase'], fact: string): number | null => {
  const value = phases.find((record) => record.phase === phase)?.facts[fact];
  return typeof value === 'number' ? value : null;
};

const figures = (phases: readonly PhaseRecord[], { rto, rpo }: Objectives): Html => {
  const figure = (name: string, value: number | null, objective: number, evidence: string): Html => {
    const state = value === null ? 'open' : value <= objective ? 'good' : 'bad';
    const words = value === null ? 'not measured' : value <= objective ? 'met' : 'not met';
    return html`<li class="${state}"><span>${name}</span><span class="figure">${seconds(value)}</span><span class="state">${words}</span><span class="sub">objective ${seconds(objective)} · ${evidence}</span></li>`;
  };
  return html`<ul class="objectives">
${figure('From the declaration until customers were served (RTO)', factOf(phases, 'announce', 'rtoSeconds'), rto, 'declared to customers served')}
${figure('Interruption', factOf(phases, 'announce', 'outageSeconds'), rto, 'first bad assessment until customers were served')}
${figure('Data lost (RPO)', factOf(phases, 'database', 'lossSeconds'), rpo, 'at most: from the newest commit the replica had until the region was found down')}
</ul>`;
};

const WIDTH = 720;
const LEFT = 110;
const ROW = 22;

/** Bars from the declaration on; a line marks the target where it lies within the picture. */
const phaseTimeline = (declaredAt: string, phases: readonly PhaseRecord[]): Html => {
  const zero = Date.parse(declaredAt);
  const endOf = ({ startedAt, endedAt }: PhaseRecord): number => Date.parse(endedAt ?? startedAt);
  const span = Math.max(1000, ...phases.map((phase) => endOf(phase) - zero));
  const x = (at: number): number => LEFT + ((at - zero) / span) * (WIDTH - LEFT - 60);
  const height = phases.length * ROW + 8;
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Phases of the failover over time">${phases.map(
    (phase, row) => {
      const from = Math.max(LEFT, x(Date.parse(phase.startedAt)));
      const width = Math.max(2, x(endOf(phase)) - from);
      const y = row * ROW + 4;
      const took = (endOf(phase) - Date.parse(phase.startedAt)) / 1000;
      const state = !phase.endedAt
        ? 'open'
        : took <= (phase.targetSeconds ?? Number.POSITIVE_INFINITY)
          ? 'good'
          : 'bad';
      const target = x(Date.parse(phase.startedAt) + (phase.targetSeconds ?? 0) * 1000);
      return html`<g class="${state}"><title>${phase.phase}: ${seconds(took)}${phase.endedAt ? '' : ', not done'}</title><text class="label" x="0" y="${y + 13}">${phase.phase}</text><rect x="${from.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 8}" fill="currentColor"></rect>${
        phase.targetSeconds && target <= WIDTH
          ? html`<line x1="${target.toFixed(1)}" x2="${target.toFixed(1)}" y1="${y - 2}" y2="${y + ROW - 6}"></line>`
          : undefined
      }<text class="label" x="${(from + width + 6).toFixed(1)}" y="${y + 13}">${seconds(took)}</text></g>`;
    },
  )}</svg>`;
};

const phaseRow = (phase: PhaseRecord): Html => {
  const took = phase.endedAt ? (Date.parse(phase.endedAt) - Date.parse(phase.startedAt)) / 1000 : null;
  const late = took !== null && phase.targetSeconds !== undefined && took > phase.targetSeconds;
  const left = phase.endedAt ? factsInWords(phase.facts) : (phase.found ?? 'not done');
  return html`<tr><td data-name="Phase">${phase.phase}</td><td data-name="Began (UTC)">${phase.startedAt.slice(11, 19)}</td><td data-name="Took" class="figure ${late || took === null ? 'bad' : ''}">${seconds(took)}</td><td data-name="Target" class="figure">${seconds(phase.targetSeconds)}</td><td data-name="What it left" class="long">${left}</td></tr>`;
};

const VERDICT_CLASS: Record<Assessment['verdict'], string> = {
  healthy: 'good',
  degraded: 'open',
  down: 'bad',
  unknown: 'open',
};
const SAYS_CLASS = { up: 'good', down: 'bad', unknown: 'open' } as const;

const signalTable = (assessments: readonly Assessment[]): Html =>
  html`<div class="scroll"><table class="checks"><thead><tr><th scope="col">At (UTC)</th><th scope="col">Verdict</th><th scope="col" class="figure">Confidence</th><th scope="col">Signals</th></tr></thead><tbody>${assessments.map(
    ({ at, verdict, confirmed, confidence, signals }) =>
      html`<tr><td data-name="At (UTC)">${at.slice(11, 19)}</td><td data-name="Verdict" class="${VERDICT_CLASS[verdict]}">${verdict}${confirmed ? ', confirmed' : ''}</td><td data-name="Confidence" class="figure">${Math.round(confidence * 100)} %</td><td data-name="Signals" class="long">${signals.map(({ name, says, evidence }) => html`<div><span class="${SAYS_CLASS[says]}">${says}</span> ${name}: ${evidence}</div>`)}</td></tr>`,
  )}</tbody></table></div>`;

const RESULT_CLASS: Record<string, string> = { passed: 'good', failed: 'bad', unanswered: 'bad', asked: 'open' };

const validationTable = (points: FailoverReport['validation']): Html => {
  const count = (result: string): number => points.filter((point) => point.result === result).length;
  return html`<p>${points.length} points: ${count('passed')} passed, ${count('failed') + count('unanswered')} failed, ${count('asked')} put to people, ${count('not applicable')} not applicable.</p>
<details${count('failed') + count('unanswered') > 0 ? ' open' : ''}><summary>Every point</summary><div class="scroll"><table class="checks"><thead><tr><th scope="col">Group</th><th scope="col">Point</th><th scope="col">Result</th><th scope="col">Expected</th><th scope="col">Found</th></tr></thead><tbody>${points.map(
    ({ group, title, result, expected, found }) =>
      html`<tr><td data-name="Group">${group}</td><td data-name="Point">${title}</td><td data-name="Result" class="${RESULT_CLASS[result] ?? ''}">${result}</td><td data-name="Expected" class="long">${expected}</td><td data-name="Found" class="long">${found}</td></tr>`,
  )}</tbody></table></div></details>`;
};
