// What only the old database has: rows that customers lost, by their keys, as the way back found them in the region that was left.
import { isLacking, LACKING, type Rejoin, type TableDifferences } from '../../shared/recovery/rejoin.ts';
import { type Html, html } from './html.ts';
import { count, time } from './words.ts';

export const rejoinSection = ({ tables, comparedAt, left, keptAs }: Rejoin): Html => {
  if (!comparedAt) return html`<p>The two databases are being compared.</p>`;
  if (tables.length === 0) return html`<p>There was no old database to compare with.</p>`;
  const lacking = tables.filter(isLacking);
  const skipped = tables.filter((table) => table.skipped);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  return html`<p>${keptAs ?? left}: ${count(rows)} rows of ${tables.length} tables compared with the living database, ${time(comparedAt)} UTC. ${lacking.length ? html`<strong>${lacking.length} tables have what the living database lacks.</strong>` : 'The living database lacks nothing.'}</p>
${
  lacking.length === 0
    ? undefined
    : html`<div class="scroll"><table class="checks"><thead><tr><th scope="col">Table</th><th scope="col">What the living database lacks, or has otherwise</th><th scope="col" class="figure">Rows</th><th scope="col">Their keys</th></tr></thead><tbody>${lacking.flatMap(rowsOf)}</tbody></table></div>`
}
${skipped.map(({ table, skipped: why }) => html`<p class="bad">${table}: not compared: ${why}</p>`)}`;
};

const WORDS: Record<(typeof LACKING)[number], string> = {
  leftInserted: 'written only there',
  leftChanged: 'changed only there',
  leftDeleted: 'deleted only there',
  bothChanged: 'written on both sides',
  unexplained: 'different without a reason',
};

/** One row of the page for each kind; keys are listed as far as they were kept. */
const rowsOf = (of: TableDifferences): Html[] =>
  LACKING.filter((kind) => of[kind] > 0).map((kind) => {
    const keys = of.keys.flatMap((each) => (each.kind === kind ? each.key : [])).join(', ');
    return html`<tr><td data-name="Table">${of.table}</td><td data-name="What">${WORDS[kind]}</td><td data-name="Rows" class="figure">${count(of[kind])}</td><td data-name="Their keys" class="long">${keys}</td></tr>`;
  });
