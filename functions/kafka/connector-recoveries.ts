// Connectors around a recovery: stopped before topics are, made where they are gone, set to where they were, resumed, looked at. Each
// step may be called again, reads back what it did, and says whether it is done; where it is not, it is called again.
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { parsePointId } from '../../shared/catalog/ids.ts';
import { kafkaSourceNamed } from '../../shared/config/platform.ts';
import { type Connect, type ConnectorOffset, type ConnectState, openConnect } from '../../shared/kafka/connect.ts';
import { ConnectorPlan, connectorPlanKey, type PlannedConnector } from '../../shared/kafka/connectors.ts';
import { RestoreId } from '../../shared/kafka/restore.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { planConnectors, refused } from './connector-plans.ts';
import { filled, readValues } from './connector-values.ts';
import { ConnectorFailed, RestoreDisturbed } from './errors.ts';

export const ConnectorsRequest = z.discriminatedUnion('step', [
  z.strictObject({
    restoreId: RestoreId,
    step: z.literal('plan'),
    /** The archive whose connectors they are. */
    recoveryPoint: z.string(),
    /** The archived source, where left out. */
    into: z.string().optional(),
    /** All of them where left out. */
    connectors: z.array(z.string().min(1)).min(1).optional(),
    /** `left`: they go on where they are, or at their beginning. */
    offsets: z.enum(['archived', 'left']).default('archived'),
  }),
  z.strictObject({
    restoreId: RestoreId,
    step: z.enum(['stop', 'recreate', 'set-offsets', 'resume', 'verify']),
  }),
]);
export type ConnectorsRequest = z.output<typeof ConnectorsRequest>;

export interface Moved {
  restoreId: string;
  step: ConnectorsRequest['step'];
  /** False: call again in some seconds. */
  done: boolean;
  connectors: { name: string; state: ConnectState | 'absent' }[];
}

/** @throws {RestoreRefused} {RestoreDisturbed} {ConnectorFailed} {ConnectNotReady} {RestUnreachable} {RestRefused} */
export const moveConnectors = async (request: ConnectorsRequest): Promise<Moved> => {
  const { restoreId, step } = request;
  const standing = request.step === 'plan' ? undefined : await findDocument(connectorPlanKey(restoreId), ConnectorPlan);
  const into = request.step === 'plan' ? (request.into ?? parsePointId(request.recoveryPoint).source) : standing?.into;
  if (!into) throw refused(restoreId, 'connectors that were planned', 'no plan: call it with "step": "plan" first');
  const configured = kafkaSourceNamed(into).connect;
  if (!configured) throw refused(restoreId, `Kafka Connect of ${into} in the configuration`, 'none');
  const connect = await openConnect(into, configured);
  const values = await readValues(into, configured.values);
  const plan =
    request.step === 'plan' ? await planConnectors({ ...request, into }, connect, values) : (standing as ConnectorPlan);
  const act = STEPS[step];
  const connectors: Moved['connectors'] = [];
  let done = true;
  for (const connector of plan.connectors) {
    done = (await act(connector, connect, values)) && done;
    const state = (await connect.status(connector.name))?.connector.state ?? 'absent';
    connectors.push({ name: connector.name, state });
  }
  logger.info('connectors moved', { source: into, restore: restoreId, step, done, connectors });
  return { restoreId, step, done, connectors };
};

type Act = (
  connector: PlannedConnector,
  connect: Connect,
  values: ReadonlyMap<string, Record<string, string>>,
) => Promise<boolean>;

const stateOf = async (name: string, connect: Connect): Promise<ConnectState | undefined> =>
  (await connect.status(name))?.connector.state;

/** With its tasks, which end a little later. */
const isStopped = async (name: string, connect: Connect): Promise<boolean> => {
  const status = await connect.status(name);
  return status?.connector.state === 'STOPPED' && status.tasks.length === 0;
};

const stop: Act = async ({ name }, connect) => {
  // One that is not there cannot run.
  if (!(await connect.config(name)) || (await isStopped(name, connect))) return true;
  await connect.move(name, 'stop');
  return isStopped(name, connect);
};

const recreate: Act = async (connector, connect, values) => {
  const { name } = connector;
  const wanted = { ...(await filled(connector, connect, values)), name };
  const standing = await connect.config(name);
  if (!standing && (await connect.create(name, wanted))) return isAs(connector, wanted, connect);
  // A configuration that is given to one that runs is taken up at once, and with offsets that are not set yet.
  if (!(await isStopped(name, connect))) return stop(connector, connect, values).then(() => false);
  if (!isDeepStrictEqual(await connect.config(name), wanted)) await connect.configure(name, wanted);
  return isAs(connector, wanted, connect);
};

const isAs = async ({ name }: PlannedConnector, wanted: Record<string, string>, connect: Connect): Promise<boolean> => {
  const found = (await connect.config(name)) ?? {};
  const differing = [...new Set([...Object.keys(wanted), ...Object.keys(found)])].filter(
    (key) => wanted[key] !== found[key],
  );
  // By name alone: values may be secrets.
  if (differing.length > 0)
    throw disturbed(name, connect, 'the configuration of the archive', `other values of ${differing}`);
  return isStopped(name, connect);
};

const setOffsets: Act = async ({ name, offsets }, connect) => {
  if (offsets === null) return true;
  const open = async (): Promise<ConnectorOffset[]> => differences(offsets, await connect.offsets(name));
  const wanted = await open();
  if (wanted.length === 0) return true;
  await connect.setOffsets(name, wanted);
  const left = await open();
  if (left.length > 0) throw disturbed(name, connect, 'the offsets of the plan', left);
  return true;
};

/** What has to be set. Partitions that the plan does not have are given up: a connector that was deleted leaves its own to the next. */
const differences = (wanted: readonly ConnectorOffset[], found: readonly ConnectorOffset[]): ConnectorOffset[] => {
  const at = (all: readonly ConnectorOffset[], partition: ConnectorOffset['partition']) =>
    all.find((each) => isDeepStrictEqual(each.partition, partition));
  const since = found.filter(({ partition, offset }) => offset !== null && !at(wanted, partition));
  return [
    ...wanted.filter(({ partition, offset }) => !isDeepStrictEqual(at(found, partition)?.offset, offset)),
    ...since.map(({ partition }) => ({ partition, offset: null })),
  ];
};

/** Whatever ran, or should have, runs; what was paused or stopped is that again. */
const targetOf = ({ state }: PlannedConnector): 'RUNNING' | 'PAUSED' | 'STOPPED' =>
  state === 'PAUSED' || state === 'STOPPED' ? state : 'RUNNING';

const resume: Act = async (connector, connect) => {
  const { name } = connector;
  const target = targetOf(connector);
  if ((await stateOf(name, connect)) === target) return true;
  await connect.move(name, ({ RUNNING: 'resume', PAUSED: 'pause', STOPPED: 'stop' } as const)[target]);
  return (await stateOf(name, connect)) === target;
};

const verify: Act = async (connector, connect) => {
  const target = targetOf(connector);
  const status = await connect.status(connector.name);
  if (!status) return false;
  const failed = [
    ...(status.connector.state === 'FAILED' ? ['the connector'] : []),
    ...status.tasks.filter(({ state }) => state === 'FAILED').map(({ id }) => `task ${id}`),
  ];
  if (failed.length > 0)
    throw new ConnectorFailed('a connector does not run.', {
      ...{
        source: `${connect.source}, connector ${connector.name}`,
        expected: target,
        found: `${failed.join(', ')} FAILED`,
      },
      // Its trace may quote what it was configured with.
      next: `Read its trace (GET /connectors/${connector.name}/status), mend the cause, restart it (POST /connectors/${connector.name}/restart?includeTasks=true&onlyFailed=true), and verify again.`,
    });
  if (status.connector.state !== target) return false;
  return (
    target === 'STOPPED' ||
    (status.tasks.length >= Math.min(1, connector.tasks) && status.tasks.every(({ state }) => state === target))
  );
};

const STEPS: Record<ConnectorsRequest['step'], Act> = {
  plan: async () => true,
  stop,
  recreate,
  'set-offsets': setOffsets,
  resume,
  verify,
};

const disturbed = (name: string, connect: Connect, expected: string, found: unknown): RestoreDisturbed =>
  new RestoreDisturbed('a connector is not as it was made.', {
    ...{ source: `${connect.source}, connector ${name}`, expected, found },
    next: 'Let nobody else change it meanwhile; then take the step again.',
  });
