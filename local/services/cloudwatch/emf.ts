import { z } from 'zod';
import type { Datum } from './metrics.ts';

/** The part of the embedded metric format that says which members are metrics (CloudWatch user guide, "Embedded metric format specification"). */
const Envelope = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string().optional() })),
      }),
    ),
  }),
});

/** The metrics of one log line; none where it is not in the embedded metric format. */
export const embeddedMetrics = (line: string): { namespace: string; data: Datum[] }[] => {
  if (!line.startsWith('{') || !line.includes('"CloudWatchMetrics"')) return [];
  const parsed = Envelope.safeParse(parseJson(line));
  if (!parsed.success) return [];
  const document = parsed.data;
  return document._aws.CloudWatchMetrics.map(({ Namespace, Dimensions, Metrics }) => ({
    namespace: Namespace,
    data: Metrics.flatMap(({ Name, Unit }) =>
      Dimensions.map((names) => ({
        name: Name,
        unit: Unit ?? 'None',
        values: [document[Name]].flat().filter((value) => typeof value === 'number'),
        dimensions: Object.fromEntries(names.map((name) => [name, String(document[name])])),
        time: new Date(document._aws.Timestamp),
      })),
    ).filter(({ values }) => values.length > 0),
  }));
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
