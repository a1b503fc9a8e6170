import type { PlannedTable, Range } from './fingerprint-document.ts';
import { PAGES_PER_BUCKET } from './row-digests.ts';

/** One work item reads at most this much: 1 GiB, about a minute. */
const PAGES_PER_ITEM = 131_072;
/** And at most this many tables, since every table costs some statements however small it is. */
const RANGES_PER_ITEM = 200;

/** Divides tables into work items: large ones alone and in pieces, small ones together. Pieces end between buckets. */
export const planItems = (
  tables: readonly Pick<PlannedTable, 'pages'>[],
  pagesPerItem = PAGES_PER_ITEM,
  rangesPerItem = RANGES_PER_ITEM,
): Range[][] => {
  const step = Math.max(1, Math.floor(pagesPerItem / PAGES_PER_BUCKET)) * PAGES_PER_BUCKET;
  const items: Range[][] = [];
  let together: Range[] = [];
  let pages = 0;
  const close = (): void => {
    if (together.length > 0) items.push(together);
    together = [];
    pages = 0;
  };
  tables.forEach((table, index) => {
    if (table.pages > step) {
      for (let fromPage = 0; fromPage < table.pages; fromPage += step) {
        // Only the last piece is open: rows that are added meanwhile stand behind all others.
        const toPage = fromPage + step < table.pages ? fromPage + step : null;
        items.push([{ table: index, fromPage, toPage }]);
      }
      return;
    }
    if (together.length === rangesPerItem || pages + table.pages > step) close();
    together.push({ table: index, fromPage: 0, toPage: null });
    pages += table.pages;
  });
  close();
  return items;
};
