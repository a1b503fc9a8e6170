/** A page of a list, from the item with the given mark on, and the first of the next page. */
export const pageOf = <T>(
  items: T[],
  mark: (item: T) => string,
  from: string | undefined,
  size: number | undefined,
  most = 100,
): { page: T[]; next: T | undefined } => {
  const start = from
    ? Math.max(
        0,
        items.findIndex((item) => mark(item) === from),
      )
    : 0;
  const end = start + Math.min(size ?? most, most);
  return { page: items.slice(start, end), next: items[end] };
};
