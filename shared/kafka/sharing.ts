/**
 * Every item to one of `count` shares, the heaviest first, each to the share that has least: none has much more to do than another.
 * @param most items of a share; `count` times as many have room. @throws {RangeError} where there are more
 */
export const evenly = <T>(
  items: readonly T[],
  weight: (item: T) => number,
  count: number,
  most = Number.POSITIVE_INFINITY,
): T[][] => {
  const shares = Array.from({ length: Math.min(count, items.length) }, () => ({ weight: 0, items: [] as T[] }));
  for (const item of items.toSorted((a, b) => weight(b) - weight(a))) {
    const open = shares.filter((share) => share.items.length < most);
    if (open.length === 0) throw new RangeError('There are more items than the shares have room for.');
    const least = open.reduce((smallest, share) => (share.weight < smallest.weight ? share : smallest));
    least.items.push(item);
    least.weight += weight(item);
  }
  return shares.map((share) => share.items);
};
