// Health checks on the world's clock. One that watches an alarm decides by the alarm's data, not by its state, with the
// settings the alarm had when the check was made or last updated (developer guide, "How Route 53 determines the status of
// health checks that monitor CloudWatch alarms" and "Updating health checks when you change CloudWatch alarm settings").
import {
  HealthCheckAlreadyExists,
  type HealthCheckConfig,
  HealthCheckVersionMismatch,
  NoSuchHealthCheck,
  type UpdateHealthCheckRequest,
} from '@aws-sdk/client-route-53';
import type { World } from '../../types.ts';
import { type AlarmWatch, watchAlarm } from './alarm-watch.ts';
import { invalidInput } from './errors.ts';
import { plainId } from './names.ts';

export interface HealthCheck {
  id: string;
  callerReference: string;
  version: number;
  config: HealthCheckConfig;
  watch: AlarmWatch | undefined;
}

export type HealthChecks = ReturnType<typeof createHealthChecks>;

/** Quota (developer guide, "Quotas", 2026-11). */
const MAX_CHILDREN = 255;

export const createHealthChecks = (world: World) => {
  const checks = new Map<string, HealthCheck>();

  const find = (id: string | undefined): HealthCheck => {
    const check = checks.get(plainId(id));
    if (check) return check;
    throw new NoSuchHealthCheck({ message: `A health check with id ${plainId(id)} does not exist.`, $metadata: {} });
  };

  /** @throws InvalidInput naming what does not fit the type. */
  const refuseUnusable = ({
    Type,
    AlarmIdentifier,
    ChildHealthChecks = [],
    HealthThreshold,
  }: HealthCheckConfig): void => {
    if (Type === 'CLOUDWATCH_METRIC') {
      if (!AlarmIdentifier) throw invalidInput('A CLOUDWATCH_METRIC health check needs an AlarmIdentifier.');
      return;
    }
    if (Type !== 'CALCULATED')
      throw invalidInput(`${Type}: the local region offers CLOUDWATCH_METRIC and CALCULATED health checks.`);
    if (HealthThreshold === undefined) throw invalidInput('A CALCULATED health check needs a HealthThreshold.');
    if (ChildHealthChecks.length > MAX_CHILDREN) throw invalidInput(`At most ${MAX_CHILDREN} child health checks.`);
    const parent = ChildHealthChecks.find((id) => find(id).config.Type === 'CALCULATED');
    if (parent) throw invalidInput(`${parent} is calculated itself and cannot be a child.`);
  };

  const watchFor = ({ AlarmIdentifier, InsufficientDataHealthStatus }: HealthCheckConfig, before?: AlarmWatch) =>
    AlarmIdentifier && watchAlarm(world, AlarmIdentifier, InsufficientDataHealthStatus ?? 'LastKnownStatus', before);

  const isHealthy = (id: string): boolean => {
    const { config, watch } = find(id);
    const { Disabled = false, Inverted = false, ChildHealthChecks = [], HealthThreshold = 0 } = config;
    // A disabled check counts as healthy; inverting it is the documented way to keep traffic away.
    const healthy =
      Disabled || (watch ? watch.isHealthy() : ChildHealthChecks.filter(isHealthy).length >= HealthThreshold);
    return healthy !== Inverted;
  };

  return {
    find,
    has: (id: string): boolean => checks.has(id),
    isHealthy,
    all: (): HealthCheck[] => [...checks.values()],
    create: (id: string, callerReference: string, config: HealthCheckConfig): HealthCheck => {
      const standing = [...checks.values()].find((check) => check.callerReference === callerReference);
      if (standing && JSON.stringify(standing.config) === JSON.stringify(config)) return standing;
      if (standing)
        throw new HealthCheckAlreadyExists({
          message: `The caller reference ${callerReference} belongs to the health check ${standing.id}, which has other settings.`,
          $metadata: {},
        });
      refuseUnusable(config);
      const check: HealthCheck = { id, callerReference, version: 1, config, watch: watchFor(config) };
      checks.set(id, check);
      return check;
    },
    update: ({ HealthCheckId, HealthCheckVersion, ...changes }: UpdateHealthCheckRequest): HealthCheck => {
      const check = find(HealthCheckId);
      if (HealthCheckVersion !== undefined && HealthCheckVersion !== check.version)
        throw new HealthCheckVersionMismatch({
          message: `The health check has version ${check.version}, not ${HealthCheckVersion}.`,
          $metadata: {},
        });
      const given = Object.entries(changes).filter(([, value]) => value !== undefined);
      const config: HealthCheckConfig = { ...check.config, ...Object.fromEntries(given) };
      refuseUnusable(config);
      const watch = watchFor(config, check.watch);
      check.watch?.end();
      return Object.assign(check, { config, watch, version: check.version + 1 });
    },
    remove: (id: string | undefined): void => {
      const check = find(id);
      check.watch?.end();
      checks.delete(check.id);
    },
    close: (): void => {
      for (const { watch } of checks.values()) watch?.end();
    },
  };
};
