// What only the old database has: rows that customers lost, by their keys, as the way back found them in the region that was left.
import type { Rejoin, TableDifferences } from '../../shared/recovery/rejoin.ts';
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
    : html`<div class="scroll"><table class="checks"><thead><tr><th scope="col">Table</th><th scope="col" class="figure">Only there</th><th scope="col" class="figure">Changed there</th><th scope="col" class="figure">Deleted there</th><th scope="col" class="figure">Changed on both sides</th><th scope="col" class="figure">Unexplained</th><th scope="col">Rows</th></tr></thead><tbody>${lacking.map(tableRow)}</tbody></table></div>`
}
${skipped.map(({ table, skipped: why }) => html`<p class="bad">${table}: not compared: ${why}</p>`)}`;
};

const isLacking = ({ leftInserted, leftChanged, leftDeleted, bothChanged, unexplained }: TableDifferences): boolean =>
  leftInserted + leftChanged + leftDeleted + bothChanged + unexplained > 0;

const tableRow = (of: TableDifferences): Html =>
  html`<tr><td data-name="Table">${of.table}</td><td data-name="Only there" class="figure">${count(of.leftInserted)}</td><td data-name="Changed there" class="figure">${count(of.leftChanged)}</td><td data-name="Deleted there" class="figure">${count(of.leftDeleted)}</td><td data-name="Changed on both sides" class="figure">${count(of.bothChanged)}</td><td data-name="Unexplained" class="figure">${count(of.unexplained)}</td><td data-name="Rows" class="long">${of.keys.map(({ kind, key }) => html`<div>${key}: ${kind}</div>`)}</td></tr>`;
