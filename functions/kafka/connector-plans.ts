// What a recovery makes of the connectors of an archive, decided before anything is stopped.
import { readArtifact, uriHere } from '../../shared/artifacts/artifacts.ts';
import { now } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Connect, ConnectorOffset } from '../../shared/kafka/connect.ts';
import {
  type ArchivedConnector,
  ConnectorArchive,
  ConnectorPlan,
  connectorPlanKey,
} from '../../shared/kafka/connectors.ts';
import { chain } from '../../shared/kafka/reading.ts';
import { RestoredPart, RestorePlan, restoredKey, restorePlanKey } from '../../shared/kafka/restore.ts';
import { findDocument, openDocument } from '../../shared/vault/documents.ts';
import { missingValues } from './connector-values.ts';
import { RestoreRefused } from './errors.ts';
import { translated } from './group-restores.ts';

export interface PlanRequest {
  restoreId: string;
  recoveryPoint: string;
  into: string;
  connectors?: string[] | undefined;
  offsets: 'archived' | 'left';
}

/** The first plan that is written is everybody's. @throws {RestoreRefused} {ArtifactDamaged} */
export const planConnectors = async (
  request: PlanRequest,
  connect: Connect,
  values: ReadonlyMap<string, Record<string, string>>,
): Promise<ConnectorPlan> => {
  const { restoreId, recoveryPoint, into, connectors: wanted } = request;
  const standing = await findDocument(connectorPlanKey(restoreId), ConnectorPlan);
  if (standing) return standing;
  const { archivedBy, connectors: archived } = await archivedConnectors(recoveryPoint);
  const unknown = wanted?.find((name) => !archived.some((each) => each.name === name));
  if (unknown) throw refused(restoreId, `an archived connector ${unknown}`, 'none');
  const chosen = archived.filter(({ name }) => wanted?.includes(name) ?? true);
  const missing = await missingValues(chosen, connect, values);
  if (missing.length > 0)
    throw refused(
      restoreId,
      'a value for every setting that no archive holds, in the secret `connect.values`',
      missing,
    );
  const connectors: ConnectorPlan['connectors'] = [];
  for (const { tasks, ...connector } of chosen) {
    const isThere = (await connect.config(connector.name)) !== undefined;
    const status = isThere ? await connect.status(connector.name) : undefined;
    connectors.push({
      ...{ ...connector, tasks: tasks.length },
      offsets: request.offsets === 'left' ? null : await offsetsOf(restoreId, connector),
      before: isThere
        ? { state: status?.connector.state ?? 'UNASSIGNED', offsets: await connect.offsets(connector.name) }
        : null,
    });
  }
  const plan = { restoreId, recoveryPoint, archivedBy, into, plannedAt: now().toISOString(), connectors };
  return (await openDocument(connectorPlanKey(restoreId), ConnectorPlan, plan)).value;
};

/** Of the recovery point, or of the newest one before it that has them. */
const archivedConnectors = async (
  recoveryPoint: string,
): Promise<{ archivedBy: string; connectors: ArchivedConnector[] }> => {
  const { vaultBucket: bucket, region } = settings();
  for await (const { recoveryPoint: archivedBy, beside } of chain({ bucket, region }, recoveryPoint))
    if (beside.connect && 'artifact' in beside.connect) {
      const { artifact } = beside.connect;
      const content = await readArtifact({ ...artifact, uri: uriHere(artifact.uri) });
      return { archivedBy, connectors: ConnectorArchive.parse(JSON.parse(content.toString('utf8'))).connectors };
    }
  throw refused(recoveryPoint, 'connectors in this archive, or in one before it', 'none');
};

/** What is archived, in the offsets of a restore of the same name. */
const offsetsOf = async (
  restoreId: string,
  { type, offsets }: Pick<ArchivedConnector, 'type' | 'offsets'>,
): Promise<ConnectorOffset[]> =>
  (type === 'sink' ? await restoredOffsets(restoreId, offsets) : offsets).filter(({ offset }) => offset !== null);

/** A sink's: `kafka_topic`, `kafka_partition`, `kafka_offset`. As they are where no topics were restored under this name. */
const restoredOffsets = async (restoreId: string, offsets: readonly ConnectorOffset[]): Promise<ConnectorOffset[]> => {
  const plan = await findDocument(restorePlanKey(restoreId), RestorePlan);
  if (!plan) return [...offsets];
  const restored: ConnectorOffset[] = [];
  for (const { partition: at, offset } of offsets) {
    const number = plan.parts.findIndex(
      (part) => part.topic === at.kafka_topic && part.partition === at.kafka_partition,
    );
    const part = plan.parts[number];
    if (!part || typeof offset?.kafka_offset !== 'number') continue;
    const result = await findDocument(restoredKey(restoreId, number), RestoredPart);
    if (!result) throw refused(restoreId, 'every partition restored', `${part.as}-${part.partition} is not`);
    const { as: kafka_topic, partition: kafka_partition } = part;
    const kafka_offset = translated({ ...part, ...result, offsets: result.offsets }, offset.kafka_offset);
    restored.push({ partition: { kafka_topic, kafka_partition }, offset: { kafka_offset } });
  }
  return restored;
};

export const refused = (restoreId: string, expected: string, found: unknown): RestoreRefused =>
  new RestoreRefused('the connectors were not touched.', {
    ...{ source: `restore ${restoreId}`, expected, found },
    next: 'Nothing was stopped or set. Correct the request or the secret, and plan again.',
  });
