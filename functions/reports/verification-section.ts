// One verification with everything it rests on.
import type { Evidence, VerificationReport } from './gathering.ts';
import { type Html, html } from './html.ts';
import { count, seconds, time } from './words.ts';

const TONE: Record<string, string> = { PROVEN: 'good', FAILED: 'bad' };

export const verificationSection = ({ point, verification, evidence }: VerificationReport, index: number): Html => {
  const { verdict, reason, at, restoreSeconds, evidence: uri } = verification;
  // The newest is open; on paper all are.
  const details = html`<summary><span class="${TONE[verdict] ?? 'open'}">${verdict}</span> ${time(at)} UTC · <code>${point}</code></summary>
<p>${reason}</p>
<p class="sub">Restored in ${seconds(restoreSeconds)} · evidence: <code>${uri}</code></p>
${evidence ? body(evidence) : html`<p class="bad">The evidence document could not be read.</p>`}`;
  return index === 0 ? html`<details open>${details}</details>` : html`<details>${details}</details>`;
};

const body = ({ evidence: { checks, comparisons, troubles } }: Evidence): Html => {
  const findings = comparisons.flatMap(({ finding }) => finding ?? []);
  const tables = findings.flatMap((finding) => finding.tables);
  const differences = [
    ...findings.flatMap((finding) => finding.differences),
    ...tables.flatMap((table) => table.differences),
  ];
  const left = [
    ...findings.flatMap(({ notCompared }) => notCompared.map(({ name, reason }) => `${name}: ${reason}`)),
    ...tables.flatMap(({ table, notCompared }) => (notCompared ? `${table}: ${notCompared}` : [])),
  ];
  return html`<h3>Checks</h3>
<div class="scroll"><table class="checks"><thead><tr><th scope="col">Check</th><th scope="col">Result</th><th scope="col">Expected</th><th scope="col">Found</th><th scope="col" class="figure">Took</th></tr></thead><tbody>${checks.map(
    ({ name, severity, result }) =>
      html`<tr><td data-name="Check">${name}${severity === 'warning' ? ' (warning)' : ''}</td><td data-name="Result" class="${result ? (result.passed ? 'good' : 'bad') : 'open'}">${result ? (result.passed ? 'passed' : 'failed') : 'not run'}</td><td data-name="Expected">${result?.expected}</td><td data-name="Found">${result?.found}</td><td data-name="Took" class="figure">${seconds(result?.seconds)}</td></tr>`,
  )}</tbody></table></div>
<h3>Content, compared with the live database</h3>
${
  tables.length === 0
    ? html`<p>No table was compared.</p>`
    : html`<div class="scroll"><table class="checks"><thead><tr><th scope="col">Table</th><th scope="col" class="figure">Rows equal</th><th scope="col" class="figure">Of them one by one</th><th scope="col" class="figure">Changed meanwhile</th><th scope="col" class="figure">Written meanwhile</th><th scope="col" class="figure">Differences</th></tr></thead><tbody>${tables.map(
        (table) =>
          html`<tr><td data-name="Table"><code>${table.table}</code></td><td data-name="Rows equal" class="figure">${count(table.exact)}</td><td data-name="Of them one by one" class="figure">${count(table.oneByOne)}</td><td data-name="Changed meanwhile" class="figure">${count(table.undecided)}</td><td data-name="Written meanwhile" class="figure">${count(table.written)}</td><td data-name="Differences" class="figure ${table.differences.length ? 'bad' : ''}">${count(table.differences.length)}</td></tr>`,
      )}</tbody></table></div>`
}
${differences.length ? html`<h3>Differences</h3><ul>${differences.slice(0, 50).map((d) => html`<li class="bad"><code>${d.in}</code> ${d.kind} ${d.key ?? ''} ${d.pages ? `(pages ${d.pages})` : ''}</li>`)}</ul>` : undefined}
${left.length ? html`<h3>Not compared</h3><ul>${left.map((text) => html`<li>${text}</li>`)}</ul>` : undefined}
${troubles.length ? html`<h3>Troubles</h3><ul>${troubles.map(({ step, error, cause }) => html`<li>${step}: ${error}: ${cause}</li>`)}</ul>` : undefined}`;
};
