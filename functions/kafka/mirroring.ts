// The mirror of a cluster: planned, made as the configuration says, looked at; left by a failover; and the way back. Each step may be
// taken again, and says whether it is done; where it is not, it is taken again in some seconds.
import { z } from 'zod';
import { openCluster } from '../../shared/kafka/cluster.ts';
import type { ConnectState } from '../../shared/kafka/connect.ts';
import type { MirrorFailover } from '../../shared/kafka/mirror.ts';
import { RestoreId } from '../../shared/kafka/restore.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { failOverToMirror } from './mirror-failovers.ts';
import { lagIn, lagNow } from './mirror-measurements.ts';
import { planReturn, type ReturnPlan } from './mirror-returns.ts';
import { type MirrorSides, mirrorRefused, openMirror } from './mirror-sides.ts';

export const MirrorRequest = z.discriminatedUnion('step', [
  z.strictObject({ source: z.string(), step: z.enum(['plan', 'apply', 'look']) }),
  z.strictObject({ source: z.string(), step: z.literal('fail-over'), failoverId: RestoreId }),
  z.strictObject({ source: z.string(), step: z.literal('return'), restoreId: RestoreId }),
]);
type MirrorRequest = z.output<typeof MirrorRequest>;

export interface MirrorLook {
  done: boolean;
  connectors: { name: string; state: ConnectState | 'absent'; tasks: ConnectState[] }[];
  /** Offsets that the mirror does not have. */
  lag: number;
}

export interface MirrorPlan {
  connectors: { name: string; action: 'make' | 'change' | 'nothing'; settings: string[] }[];
}

/** @throws {MirrorRefused} {ConnectNotReady} {RestUnreachable} {RestAccessDenied} {RestRefused} {BrokersUnreachable} */
export const mirror = async (
  request: MirrorRequest,
): Promise<MirrorPlan | MirrorLook | (MirrorFailover & { done: boolean }) | ReturnPlan> => {
  switch (request.step) {
    case 'plan':
      return planMirror(await openMirror(request.source));
    case 'apply':
      return applyMirror(await openMirror(request.source));
    case 'look':
      return lookAtMirror(await openMirror(request.source));
    case 'fail-over':
      return failOverToMirror(request);
    case 'return':
      return planReturn(request);
  }
};

/** What `apply` would do; by the names of settings alone, for values may be logins. */
const planMirror = async ({ connect, connectors }: MirrorSides): Promise<MirrorPlan> => {
  const planned: MirrorPlan['connectors'] = [];
  for (const { name, config } of Object.values(connectors)) {
    const standing = await connect.config(name);
    const settings = [...new Set([...Object.keys(config), ...Object.keys(standing ?? {})])]
      .filter((key) => config[key] !== standing?.[key])
      .toSorted();
    const action = standing ? (settings.length > 0 ? 'change' : 'nothing') : 'make';
    planned.push({ name, action, settings });
  }
  return { connectors: planned };
};

const applyMirror = async (sides: MirrorSides): Promise<MirrorLook> => {
  const { name: source, target, into, connect, connectors } = sides;
  await using cluster = await openCluster(target, into);
  const [{ clusterId }, id] = [await connect.worker(), await cluster.id()];
  if (clusterId !== id)
    throw mirrorRefused(source, `workers of the cluster of ${target}, which is ${id}`, `workers of ${clusterId}`);
  const { connectors: planned } = await planMirror(sides);
  for (const { name, config } of Object.values(connectors)) {
    const action = planned.find((each) => each.name === name)?.action;
    if (action === 'make') await connect.create(name, config);
    if (action === 'change') await connect.configure(name, config);
    if ((await connect.status(name))?.connector.state !== 'RUNNING') await connect.move(name, 'resume');
  }
  logger.info('mirror applied', { source, target, connectors: planned.map(({ name, action }) => ({ name, action })) });
  return lookAtMirror(sides);
};

/** Done: every connector runs, and no task of it does not. */
const lookAtMirror = async (sides: MirrorSides): Promise<MirrorLook> => {
  const looked: MirrorLook['connectors'] = [];
  for (const { name } of Object.values(sides.connectors)) {
    const status = await sides.connect.status(name);
    const tasks = (status?.tasks ?? []).map(({ state }) => state);
    looked.push({ name, state: status?.connector.state ?? 'absent', tasks });
  }
  const done = looked.every(({ state, tasks }) => [state, ...tasks].every((each) => each === 'RUNNING'));
  return { done, connectors: looked, lag: lagIn(await lagNow(sides)) };
};
