// Rehearsals: what each measured against the objectives, what is left to do, what was learnt.
import { settings } from '../../shared/config/settings.ts';
import { compared } from '../../shared/recovery/drill-trends.ts';
import { type Drill, Drills, drillsKey } from '../../shared/recovery/drills.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import type { Objectives } from './failover-section.ts';
import { type Html, html } from './html.ts';
import { findThere } from './peer-documents.ts';
import { seconds, time } from './words.ts';

/** Drills of both regions: each keeps those of moves into it. A surprise that is still to come stays one. */
export const gatherDrills = async (): Promise<Drill[]> => {
  const { region, peer } = settings();
  const books = await Promise.all([findDocument(drillsKey(region), Drills), findThere(drillsKey(peer.region), Drills)]);
  return books
    .flatMap((book) => book ?? [])
    .filter(({ kind, startedAt, endedAt }) => kind !== 'surprise' || startedAt || endedAt)
    .toSorted((a, b) => a.dueAt.localeCompare(b.dueAt));
};

const TONE: Record<string, string> = { passed: 'good', 'handed out': 'good' };

export const drillsSection = (drills: readonly Drill[], objectives: Objectives): Html => {
  const newest = drills.findLast(({ result }) => result);
  return html`<section>
<h2>Drills</h2>
${newest && html`<ul>${compared(newest, drills, objectives).map((line) => html`<li>${newest.id}: ${line}</li>`)}</ul>`}
<div class="scroll"><table class="checks"><thead><tr><th scope="col">Drill</th><th scope="col">Due (UTC)</th><th scope="col">Outcome</th><th scope="col" class="figure">RTO</th><th scope="col" class="figure">RPO</th><th scope="col">Phases</th><th scope="col">To do, and learnt</th></tr></thead><tbody>${drills.toReversed().map(row(objectives))}</tbody></table></div>
</section>`;
};

const row =
  (objectives: Objectives) =>
  ({ id, kind, mode, dueAt, startedAt, result, lessons }: Drill): Html => {
    const outcome = result?.outcome ?? (startedAt ? 'under way' : 'to come');
    const { rtoSeconds = null, rpoSeconds = null, phases = {}, tasks = [] } = result ?? {};
    const tone = (value: number | null, objective: number): string =>
      value === null ? '' : value <= objective ? 'good' : 'bad';
    const took = Object.entries(phases).map(([phase, spent]) => `${phase} ${seconds(spent)}`);
    const left = tasks.map((task) => html`<div class="bad">${task}</div>`);
    const learnt = lessons.map(({ by, text }) => html`<div>${by}: ${text}</div>`);
    return html`<tr><td data-name="Drill"><code>${id}</code> (${kind}${mode === 'real' ? ', for real' : ''})</td><td data-name="Due (UTC)">${time(dueAt)}</td><td data-name="Outcome" class="${result ? (TONE[outcome] ?? 'bad') : 'open'}">${outcome}</td><td data-name="RTO" class="figure ${tone(rtoSeconds, objectives.rto)}">${seconds(rtoSeconds)}</td><td data-name="RPO" class="figure ${tone(rpoSeconds, objectives.rpo)}">${seconds(rpoSeconds)}</td><td data-name="Phases" class="long">${took.join(', ')}</td><td data-name="To do, and learnt" class="long">${[...left, ...learnt]}</td></tr>`;
  };
