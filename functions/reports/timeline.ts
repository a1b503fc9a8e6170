// Recovery points and restore durations as pictures: inline SVG, readable without colour.
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { type Html, html } from './html.ts';
import { seconds, time } from './words.ts';

const WIDTH = 720;
const LEFT = 74;
const RIGHT = 12;
const ROWS = [
  { label: 'snapshot', y: 24 },
  { label: 'copy', y: 54 },
  { label: 'export', y: 84 },
  { label: 'verdict', y: 114 },
];
const HEIGHT = 150;
const LETTER: Record<string, string> = { PROVEN: 'P', INTACT: 'I', INCONCLUSIVE: '?', FAILED: 'F' };

interface Mark {
  row: number;
  at: number;
  kind: string;
  letter: string;
  title: string;
}

const marksOf = (points: readonly RecoveryPoint[]): Mark[] =>
  points.flatMap((point) => {
    const at = Date.parse(point.pointInTime ?? point.scheduledAt);
    const state = point.status === 'failed' ? 'bad' : point.status === 'started' ? 'open' : 'good';
    const row = point.method === 'export' ? 2 : 0;
    return [
      {
        row,
        at: point.method === 'export' ? Date.parse(point.scheduledAt) : at,
        kind: state,
        letter: '',
        title: `${point.id}: ${point.status}`,
      },
      ...point.copies.map(({ region, status, completedAt, lagSeconds }) => ({
        row: 1,
        at: completedAt ? Date.parse(completedAt) : at,
        kind: status === 'available' ? 'good' : status === 'failed' ? 'bad' : 'open',
        letter: '',
        title: `${point.id} in ${region}: ${status}${lagSeconds === undefined ? '' : `, ${seconds(lagSeconds)} behind`}`,
      })),
      ...point.verifications.map(({ at: verifiedAt, verdict, reason }) => ({
        row: 3,
        at: Date.parse(verifiedAt),
        kind: verdict === 'PROVEN' ? 'good' : verdict === 'FAILED' ? 'bad' : 'open',
        letter: LETTER[verdict] ?? '',
        title: `${point.id}: ${verdict}: ${reason}`,
      })),
    ];
  });

/** Snapshots, copies, exports and verdicts over the time they span. */
export const timeline = (points: readonly RecoveryPoint[], until: string): Html => {
  const marks = marksOf(points);
  if (marks.length === 0) return html`<p>No recovery points in this time.</p>`;
  const end = Math.max(Date.parse(until), ...marks.map(({ at }) => at));
  const start = Math.min(end - 3_600_000, ...marks.map(({ at }) => at));
  const x = (at: number): number => LEFT + ((at - start) / (end - start)) * (WIDTH - LEFT - RIGHT);
  const circles = marks.map(
    ({ row, at, kind, letter, title }) =>
      html`<g class="${kind}"><title>${title}</title><circle cx="${x(at).toFixed(1)}" cy="${ROWS[row]?.y}" r="7"/><text x="${x(at).toFixed(1)}" y="${(ROWS[row]?.y ?? 0) + 3.5}">${letter}</text></g>`,
  );
  const rows = ROWS.map(
    ({ label, y }) =>
      html`<text class="label" x="0" y="${y + 4}">${label}</text><line x1="${LEFT}" y1="${y}" x2="${WIDTH - RIGHT}" y2="${y}"/>`,
  );
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${marks.length} events from ${time(new Date(start).toISOString())} to ${time(new Date(end).toISOString())}">${rows}${circles}<text class="label" x="${LEFT}" y="${HEIGHT - 8}">${time(new Date(start).toISOString())}</text><text class="label end" x="${WIDTH - RIGHT}" y="${HEIGHT - 8}">${time(new Date(end).toISOString())} UTC</text></svg>`;
};

/** How long the restores took, oldest first, against the objective. */
export const restoreTrend = (points: readonly RecoveryPoint[], objective: number): Html => {
  const restores = points
    .flatMap(({ verifications }) => verifications)
    .flatMap(({ at, restoreSeconds }) => (restoreSeconds === undefined ? [] : { at, restoreSeconds }))
    .toSorted((a, b) => a.at.localeCompare(b.at));
  if (restores.length === 0) return html`<p>Nothing was restored yet.</p>`;
  const highest = Math.max(objective, ...restores.map(({ restoreSeconds }) => restoreSeconds));
  const width = (value: number): string => ((value / highest) * 100).toFixed(1);
  return html`<ol class="trend">${restores.map(
    ({ at, restoreSeconds }) =>
      html`<li><span>${time(at)}</span><span class="bar"><span class="${restoreSeconds <= objective ? 'good' : 'bad'}" style="width:${width(restoreSeconds)}%"></span></span><span class="figure">${seconds(restoreSeconds)}</span></li>`,
  )}</ol><p class="note">Full width is ${seconds(highest)}${highest === objective ? ', the objective' : ''}.</p>`;
};
