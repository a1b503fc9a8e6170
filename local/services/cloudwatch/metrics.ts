// Every value of every metric of a region, by series, oldest first.

export interface Datum {
  name: string;
  values: number[];
  unit: string;
  dimensions: Record<string, string>;
  time: Date;
}

export interface Point {
  /** Milliseconds, cut to the minute: the resolution of standard metrics. */
  minute: number;
  value: number;
  unit: string;
}

export interface Series {
  key: string;
  namespace: string;
  name: string;
  dimensions: Record<string, string>;
  points: Point[];
}

export const MINUTE_MS = 60_000;

export const seriesKey = (namespace: string, name: string, dimensions: Record<string, string>): string =>
  JSON.stringify([namespace, name, Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);

export interface MetricStore {
  /** @returns the keys of the series that got values. */
  put(namespace: string, data: Datum[]): string[];
  get(key: string): Series | undefined;
  all(): Series[];
}

export const createMetricStore = (): MetricStore => {
  const series = new Map<string, Series>();
  const put = (namespace: string, { name, values, unit, dimensions, time }: Datum): string => {
    const key = seriesKey(namespace, name, dimensions);
    const entry = series.get(key) ?? { key, namespace, name, dimensions, points: [] };
    series.set(key, entry);
    const minute = Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS;
    const at = entry.points.findLastIndex((point) => point.minute <= minute) + 1;
    entry.points.splice(at, 0, ...values.map((value) => ({ minute, value, unit })));
    return key;
  };
  return {
    put: (namespace, data) => [...new Set(data.map((datum) => put(namespace, datum)))],
    get: (key) => series.get(key),
    all: () => [...series.values()],
  };
};

/** Index of the first point at or after a time in milliseconds. */
export const firstFrom = ({ points }: Series, time: number): number => {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.minute ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** The points of a series in `[from, to)`, milliseconds. */
export const pointsBetween = (series: Series | undefined, from: number, to: number): Point[] =>
  series ? series.points.slice(firstFrom(series, from), firstFrom(series, to)) : [];

/** One statistic over values; undefined where there are none. */
export const statistic = (values: number[], name: string): number | undefined => {
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  switch (name) {
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Minimum':
      return Math.min(...values);
    case 'Maximum':
      return Math.max(...values);
    case 'SampleCount':
      return values.length;
    default:
      throw new RangeError(`Unknown statistic '${name}'. Known: Sum, Average, Minimum, Maximum, SampleCount.`);
  }
};
