import type { Region, Service } from '../../types.ts';
import type { Datum } from './metrics.ts';

/** How other services of the region hand in metrics, as AWS's own services do: without a call, and without a permission. */
export interface MetricSink {
  record(namespace: string, data: Datum[]): void;
}

/** Records metrics in the region's CloudWatch; nothing where the region has none. */
export const recordMetrics = (region: Region, namespace: string, data: Datum[]): void =>
  (region.services.get('monitoring') as (Service & MetricSink) | undefined)?.record(namespace, data);

/** One value of one of AWS's own metrics, now. */
export const recordMetric = (
  region: Region,
  namespace: string,
  name: string,
  value: number,
  dimensions: Record<string, string>,
  unit = 'Count',
): void => recordMetrics(region, namespace, [{ name, values: [value], unit, dimensions, time: region.clock.now() }]);
