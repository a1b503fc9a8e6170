// What an archive holds of Kafka Connect.
import { z } from 'zod';
import { now } from '../clock.ts';
import { type Connect, ConnectorOffset, ConnectState } from './connect.ts';
import { mask } from './masking.ts';
import { RestoreId } from './restore.ts';

export const ArchivedConnector = z.strictObject({
  name: z.string(),
  type: z.enum(['source', 'sink', 'unknown']),
  /** Without what `masked` names. */
  config: z.record(z.string(), z.string()),
  /** Settings whose values are secrets that stood there in the clear: kept nowhere in the vault. */
  masked: z.array(z.string()),
  state: ConnectState,
  tasks: z.array(z.strictObject({ id: z.int(), state: ConnectState })),
  /** How far it was; of a sink, what its consumer group had committed. */
  offsets: z.array(ConnectorOffset),
});
export type ArchivedConnector = z.output<typeof ArchivedConnector>;

export const ConnectorArchive = z.strictObject({
  schemaVersion: z.literal(1),
  takenAt: z.iso.datetime(),
  version: z.string(),
  /** Of the cluster that keeps configurations and offsets. */
  clusterId: z.string(),
  connectors: z.array(ArchivedConnector),
});
export type ConnectorArchive = z.output<typeof ConnectorArchive>;

/** A connector as a recovery makes it, and as it was found. */
export const PlannedConnector = ArchivedConnector.omit({ tasks: true }).extend({
  /** Tasks it had; while it has none it does nothing. */
  tasks: z.int().nonnegative(),
  /** Where a restore of topics gave its records other offsets, those. Null where they are left as they are. */
  offsets: z.array(ConnectorOffset).nullable(),
  before: z.strictObject({ state: ConnectState, offsets: z.array(ConnectorOffset) }).nullable(),
});
export type PlannedConnector = z.output<typeof PlannedConnector>;

/** Decided once, before anything is stopped. */
export const ConnectorPlan = z.strictObject({
  restoreId: RestoreId,
  recoveryPoint: z.string(),
  /** The archive whose connectors these are: the recovery point, or one before it where that has none. */
  archivedBy: z.string(),
  into: z.string(),
  plannedAt: z.iso.datetime(),
  connectors: z.array(PlannedConnector),
});
export type ConnectorPlan = z.output<typeof ConnectorPlan>;

export const connectorPlanKey = (restoreId: string): string => `kafka/restores/${restoreId}/connectors.json`;

/** All connectors as they are now. */
export const readConnectors = async (connect: Connect): Promise<ConnectorArchive> => {
  const takenAt = now().toISOString();
  const { version, clusterId } = await connect.worker();
  const connectors: ArchivedConnector[] = [];
  for (const name of await connect.names()) {
    const config = await connect.config(name);
    // Deleted a moment ago.
    if (!config) continue;
    const status = await connect.status(name);
    connectors.push({
      name,
      type: status?.type ?? 'unknown',
      ...mask(config, await declaredBy(connect, config)),
      state: status?.connector.state ?? 'UNASSIGNED',
      tasks: (status?.tasks ?? []).map(({ id, state }) => ({ id, state })),
      offsets: await connect.offsets(name),
    });
  }
  return { schemaVersion: 1, takenAt, version, clusterId, connectors };
};

export const declaredBy = (connect: Connect, config: Readonly<Record<string, string>>): Promise<Set<string>> =>
  connect.passwordsOf(config['connector.class'] ?? '');
