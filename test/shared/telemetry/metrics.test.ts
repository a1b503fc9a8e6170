import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, record } from '../../../shared/telemetry/metrics.ts';
import { watchTelemetry } from '../../support/telemetry.ts';

describe('a metric', () => {
  it.each(Object.keys(METRICS) as MetricName[])('%s is written at once, with its value and source', (name) => {
    const telemetry = watchTelemetry();
    record(name, 42, 'shop-db');
    expect(telemetry.metrics()).toEqual([{ name, value: 42, source: 'shop-db' }]);
  });

  it('of one source does not run into that of another', () => {
    const telemetry = watchTelemetry();
    record('BackupStored', 1, 'shop-db');
    record('BackupStored', 2, 'vault');
    expect(telemetry.metrics()).toEqual([
      { name: 'BackupStored', value: 1, source: 'shop-db' },
      { name: 'BackupStored', value: 2, source: 'vault' },
    ]);
  });
});
