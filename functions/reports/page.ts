// The report as one page: first the answer, then what it rests on.
import { RESTORED_FROM, type RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { drillsSection } from './drills-section.ts';
import { failoverSection } from './failover-section.ts';
import type { Report, SourceReport } from './gathering.ts';
import { Html, html } from './html.ts';
import { messagesSection } from './messages-section.ts';
import type { Objective } from './objectives.ts';
import { planSection } from './plan-section.ts';
import { STYLE } from './style.ts';
import { restoreTrend, timeline } from './timeline.ts';
import { verificationSection } from './verification-section.ts';
import { bytes, count, seconds, time } from './words.ts';

export const page = (report: Report): string => {
  const title = `Lifeboat: ${report.platform}, ${time(report.at)} UTC`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<p class="sub">Lifeboat · ${report.regions.primary} → ${report.regions.recovery}</p>
<h1>What ${report.platform} could recover at ${time(report.at)} UTC</h1>
<p class="sub">From ${time(report.from)} to ${time(report.at)} UTC. PROVEN: restored, checked and compared. INTACT: bytes only. INCONCLUSIVE: could not be tested. FAILED: do not restore from it.</p>
</header>
<main>
${report.failover && failoverSection(report.failover.report, report.failover.objectives)}
${report.plan && planSection(report.plan, report.at)}
${report.drills && drillsSection(report.drills.list, report.drills.objectives)}
${report.sources.map((source) => sourceSection(source, report.at))}
${integritySection(report)}
${messagesSection(report.messages)}
<section>
<h2>What this report does not speak of</h2>
<p>Only the sources named above are protected. Large objects, unlogged and foreign tables are in a snapshot as far as RDS keeps them, and are not compared. Durations are those of test restores; the first full reading of a restored volume on AWS is slower than later ones.</p>
</section>
</main>
</body>
</html>
`.text;
};

const STATE_CLASS: Record<Objective['state'], string> = { met: 'good', 'not met': 'bad', 'not measured': 'open' };

const sourceSection = ({ name, objectives, points, verifications }: SourceReport, at: string): Html => {
  const rto = objectives.find(({ name: of }) => of.includes('RTO'))?.objective ?? 0;
  return html`<section>
<h2>${name}</h2>
<p>${headline(points)}</p>
<ul class="objectives">${objectives.map(
    ({ name: of, objective, measured, state, evidence }) =>
      html`<li class="${STATE_CLASS[state]}"><span>${of}</span><span class="figure">${seconds(measured)}</span><span class="state">${state}</span><span class="sub">objective ${seconds(objective)} · ${evidence}</span></li>`,
  )}</ul>
<h3>Recovery points over time</h3>
<div class="scroll">${timeline(points, at)}</div>
<h3>Recovery points</h3>
<div class="scroll"><table class="points">
<thead><tr><th scope="col">Point</th><th scope="col">Data of (UTC)</th><th scope="col">Status</th><th scope="col" class="figure">Size</th><th scope="col" class="figure">Took</th><th scope="col" class="figure">Copy lag</th><th scope="col">Kept until</th><th scope="col">Last verdict</th></tr></thead>
<tbody>${points.toReversed().map(pointRow)}</tbody>
</table></div>
<h3>How long restores took</h3>
${restoreTrend(points, rto)}
<h3>Verifications and their evidence</h3>
${verifications.length ? verifications.map(verificationSection) : html`<p>Nothing was verified in this time.</p>`}
</section>`;
};

const headline = (points: readonly RecoveryPoint[]): Html => {
  const restorable = points.filter(({ kind, method }) => method === RESTORED_FROM[kind]);
  const proven = restorable.findLast(({ status }) => status === 'verified');
  const newest = restorable.findLast(({ status }) => ['stored', 'verified'].includes(status));
  if (proven)
    return html`The newest proven recovery point is <code>${proven.id}</code>, with the data of ${time(proven.pointInTime)} UTC.`;
  if (newest)
    return html`<strong>No recovery point was proven.</strong> The newest stored one is <code>${newest.id}</code>.`;
  return html`<strong>There is no recovery point to restore from.</strong>`;
};

const pointRow = (point: RecoveryPoint): Html => {
  const lag = point.copies
    .map(({ status, lagSeconds }) => (status === 'available' ? seconds(lagSeconds) : status))
    .join(', ');
  const last = point.verifications.at(-1);
  const tone = point.status === 'failed' ? 'bad' : point.status === 'verified' ? 'good' : '';
  return html`<tr><td data-name="Point"><code>${point.id}</code></td><td data-name="Data of (UTC)">${time(point.pointInTime)}</td><td data-name="Status" class="${tone}">${point.status}${point.failure ? `: ${point.failure}` : ''}</td><td data-name="Size" class="figure">${bytes(point.sizeBytes)}</td><td data-name="Took" class="figure">${seconds(point.durationSeconds)}</td><td data-name="Copy lag" class="figure">${lag || '–'}</td><td data-name="Kept until">${time(point.retention.expiresAt).slice(0, 10)} (${point.retention.class})</td><td data-name="Last verdict">${last?.verdict ?? 'not verified'}</td></tr>`;
};

const integritySection = ({ integrity }: Report): Html => html`<section>
<h2>The vault, re-read</h2>
${
  integrity.length === 0
    ? html`<p>No check of the vault was completed in the last seven days.</p>`
    : html`<div class="scroll"><table class="checks"><thead><tr><th scope="col">Day</th><th scope="col" class="figure">Checked</th><th scope="col" class="figure">Re-read</th><th scope="col" class="figure">Bytes re-read</th><th scope="col">Findings</th></tr></thead><tbody>${integrity.map(
        ({ day, report }) =>
          html`<tr><td data-name="Day">${day.replaceAll('/', '-')}</td><td data-name="Checked" class="figure">${count(report.counts.checked)}</td><td data-name="Re-read" class="figure">${count(report.counts.reread)}</td><td data-name="Bytes re-read" class="figure">${bytes(report.counts.rereadBytes)}</td><td data-name="Findings" class="${report.findings.length ? 'bad' : ''}">${
            report.findings.length
              ? report.findings
                  .slice(0, 10)
                  .map(
                    ({ problem, uri, expected, found }) =>
                      html`<div>${problem}: <code>${uri}</code>: expected ${expected}, found ${found}</div>`,
                  )
              : 'none'
          }</td></tr>`,
      )}</tbody></table></div>`
}
</section>`;
