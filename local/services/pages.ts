import { ApiError } from '../service.ts';

/** RDS and ElastiCache take 20 to 100 records a page, and give 100 unless asked; ElastiCache's snapshots stop at 50. */
const SMALLEST = 20;

/** One page of a listing; the marker is the key the next page starts after. */
export const pageOf = <T>(
  items: T[],
  key: (item: T) => string,
  request: { Marker?: string | undefined; MaxRecords?: number | undefined },
  largest = 100,
): { items: T[]; marker: string | undefined } => {
  const size = request.MaxRecords ?? largest;
  if (size < SMALLEST || size > largest) {
    const message = `Invalid value ${size} for MaxRecords. Must be between ${SMALLEST} and ${largest}`;
    throw new ApiError('InvalidParameterValue', 400, message);
  }
  const { Marker } = request;
  const sorted = items.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
  const rest = Marker === undefined ? sorted : sorted.filter((item) => key(item) > Marker);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return { items: page, marker: rest.length > size && last !== undefined ? key(last) : undefined };
};
