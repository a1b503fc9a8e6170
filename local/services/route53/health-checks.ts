// Health checks on the world's clock. One that watches an alarm decides by the alarm's data, not by its state, with the
// settings the alarm had when the check was made (developer guide, "How Route 53 determines the status of
// health checks that monitor CloudWatch alarms" and "Updating health checks when you change CloudWatch alarm settings").
import { HealthCheckAlreadyExists, type HealthCheckConfig, NoSuchHealthCheck } from '@aws-sdk/client-route-53';
import type { World } from '../../types.ts';
import { type AlarmWatch, watchAlarm } from './alarm-watch.ts';
import { invalidInput } from './errors.ts';
import { plainId } from './names.ts';

export interface HealthCheck {
  id: string;
  callerReference: string;
  config: HealthCheckConfig;
  watch: AlarmWatch;
}

export type HealthChecks = ReturnType<typeof createHealthChecks>;

export const createHealthChecks = (world: World) => {
  const checks = new Map<string, HealthCheck>();

  const find = (id: string | undefined): HealthCheck => {
    const check = checks.get(plainId(id));
    if (check) return check;
    throw new NoSuchHealthCheck({ message: `A health check with id ${plainId(id)} does not exist.`, $metadata: {} });
  };

  /** @throws InvalidInput naming what does not fit. */
  const watchFor = ({
    Type,
    AlarmIdentifier,
    InsufficientDataHealthStatus,
    ...others
  }: HealthCheckConfig): AlarmWatch => {
    if (Type !== 'CLOUDWATCH_METRIC')
      throw invalidInput(`${Type}: the local region offers CLOUDWATCH_METRIC health checks.`);
    const [strange] = Object.keys(others);
    if (strange) throw invalidInput(`${strange} is not offered by the local region.`);
    if (!AlarmIdentifier) throw invalidInput('A CLOUDWATCH_METRIC health check needs an AlarmIdentifier.');
    return watchAlarm(world, AlarmIdentifier, InsufficientDataHealthStatus ?? 'LastKnownStatus');
  };

  return {
    find,
    has: (id: string): boolean => checks.has(id),
    isHealthy: (id: string): boolean => find(id).watch.isHealthy(),
    all: (): HealthCheck[] => [...checks.values()],
    create: (id: string, callerReference: string, config: HealthCheckConfig): HealthCheck => {
      const standing = [...checks.values()].find((check) => check.callerReference === callerReference);
      if (standing && JSON.stringify(standing.config) === JSON.stringify(config)) return standing;
      if (standing)
        throw new HealthCheckAlreadyExists({
          message: `The caller reference ${callerReference} belongs to the health check ${standing.id}, which has other settings.`,
          $metadata: {},
        });
      const check: HealthCheck = { id, callerReference, config, watch: watchFor(config) };
      checks.set(id, check);
      return check;
    },
    remove: (id: string | undefined): void => {
      const check = find(id);
      check.watch.end();
      checks.delete(check.id);
    },
    close: (): void => {
      for (const { watch } of checks.values()) watch.end();
    },
  };
};
