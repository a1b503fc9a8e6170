// What the functions write to standard output, kept from the test report: log lines and metrics in embedded metric format.
import { vi } from 'vitest';

export interface Telemetry {
  metrics(): { name: string; value: number; source: string }[];
  logs(): { level: string; message: string; [field: string]: unknown }[];
}

interface Embedded {
  _aws?: { CloudWatchMetrics: { Metrics: { Name: string }[] }[] };
  source?: string;
  [metric: string]: unknown;
}

export const watchTelemetry = (): Telemetry => {
  const lines: string[] = [];
  const keep = (chunk: unknown): boolean => {
    lines.push(...String(chunk).split('\n').filter(Boolean));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep as typeof process.stdout.write);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep as typeof process.stderr.write);
  const parsed = (): Embedded[] =>
    lines.flatMap((line): Embedded[] => (line.startsWith('{') ? [JSON.parse(line) as Embedded] : []));
  return {
    metrics: () =>
      parsed().flatMap((line) =>
        (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Metrics }) =>
          Metrics.map(({ Name }) => ({ name: Name, value: Number(line[Name]), source: line.source ?? '' })),
        ),
      ),
    logs: () => parsed().filter((line) => !line._aws) as never,
  };
};
