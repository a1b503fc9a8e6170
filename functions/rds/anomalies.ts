import { pointsBetween } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Message } from '../../shared/notify/message.ts';

const WEEK_MS = 7 * 86_400_000;
/** A mean of fewer values says nothing. */
const NEEDED = 3;

export interface Anomaly {
  what: 'size' | 'duration';
  value: number;
  mean: number;
}

/** Values of a point that lie further from the mean of the points before it than `deviation` (0.5 is ±50 %). */
export const findAnomalies = (point: RecoveryPoint, before: readonly RecoveryPoint[], deviation: number): Anomaly[] => {
  const judge = (what: Anomaly['what'], of: (p: RecoveryPoint) => number | undefined): Anomaly[] => {
    const value = of(point);
    const values = before.flatMap((p) => of(p) ?? []);
    if (value === undefined || values.length < NEEDED) return [];
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return mean > 0 && Math.abs(value - mean) / mean > deviation ? [{ what, value, mean }] : [];
  };
  return [...judge('size', (p) => p.sizeBytes), ...judge('duration', (p) => p.durationSeconds)];
};

/** What is unusual about a point, and how many points of the week before it say so. */
export const anomaliesOf = async (point: RecoveryPoint): Promise<{ anomalies: Anomaly[]; peers: number }> => {
  const at = new Date(point.scheduledAt);
  const week = await Array.fromAsync(pointsBetween(point.source, new Date(at.getTime() - WEEK_MS), at));
  const peers = week.filter(
    ({ id, method, status }) =>
      id !== point.id && method === point.method && ['stored', 'verified', 'expired'].includes(status),
  );
  return { anomalies: findAnomalies(point, peers, rdsSourceNamed(point.source).anomaly), peers: peers.length };
};

/** What people are told of a stored point that is far from those of the week before it. */
export const anomalyMessage = async (point: RecoveryPoint): Promise<Message | undefined> => {
  const { anomalies, peers } = await anomaliesOf(point);
  if (anomalies.length === 0) return undefined;
  return {
    topic: 'warning',
    what: `Snapshot of ${point.source} is unusual: ${anomalies.map(({ what }) => what).join(' and ')}`,
    source: point.source,
    recoveryPoint: point.id,
    since: new Date(point.scheduledAt),
    impact: 'The snapshot is stored; its size or duration says that the database or the backup changed.',
    evidence: anomalies.map(
      ({ what, value, mean }) => `${what}: ${Math.round(value)}, mean of ${peers} in 7 days: ${Math.round(mean)}`,
    ),
    next: 'Compare with what was deployed or loaded since yesterday; verify this point if nobody can say why.',
    trouble: 'unusual',
  };
};
