// The end of every drill, whichever way it ended: what it made is removed, what it measured is kept, people are told.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Message } from '../../shared/notify/message.ts';
import { notify } from '../../shared/notify/notify.ts';
import { drillEpochKey, Epoch, FailoverId, isDrill } from '../../shared/recovery/documents.ts';
import type { Drill, DrillResult } from '../../shared/recovery/drills.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { record } from '../../shared/telemetry/metrics.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { causeOf, Trouble } from './announcements.ts';
import { allDrills, changeDrill, findDrill } from './drill-book.ts';
import { removeCopies } from './drill-copies.ts';
import { endedMessage } from './drill-messages.ts';
import { resultOf } from './drill-results.ts';
import { endEpoch, recoveryPlan } from './epoch.ts';
import { phaseRecords } from './phases.ts';

export const EndDrillRequest = z.strictObject({
  failoverId: FailoverId.refine(isDrill, 'the id of a drill begins with "drill-"'),
  /** Why it stopped; null where it came to its end. */
  trouble: Trouble.nullable(),
});

export type Ended =
  | { done: false; waitSeconds: number; found: string }
  | { done: true; outcome: DrillResult['outcome']; result: DrillResult };

const LOOK_AGAIN_SECONDS = 10;

/** Called until it is done. @throws {CopyForeign} */
export const endDrill = async ({ failoverId, trouble }: z.output<typeof EndDrillRequest>): Promise<Ended> => {
  const claim = await findDocument(drillEpochKey(settings().region), Epoch);
  const isOurs = claim?.failoverId === failoverId;
  const left = await removeCopies(failoverId);
  if (left.length > 0)
    return { done: false, waitSeconds: LOOK_AGAIN_SECONDS, found: `still there: ${left.join('; ')}` };
  const failed = trouble ? { state: trouble.state, cause: causeOf(trouble) } : undefined;
  const declaredAt = isOurs ? new Date(claim.declaredAt) : now();
  const result = await conclude(
    failoverId,
    resultOf(await phaseRecords(failoverId), declaredAt, recoveryPlan(), failed),
  );
  if (isOurs) await endEpoch(failoverId, trouble ? 'abandoned' : 'done');
  return { done: true, outcome: result.outcome, result };
};

type Telling = (drill: Drill, all: readonly Drill[]) => Message;
const ended: Telling = (drill, all) => endedMessage(drill, all, recoveryPlan());

/** Keeps what a drill came to, once, and tells it. The first result stands. */
export const conclude = async (id: string, measured: DrillResult, telling: Telling = ended): Promise<DrillResult> => {
  const standing = await findDrill(id);
  // Refused before it was written down: whoever started it by hand is told by its execution.
  if (!standing) return measured;
  if (standing.endedAt) return standing.result ?? measured;
  const kept = await changeDrill(id, (drill) => ({ ...drill, result: drill.result ?? measured }));
  const { result = measured } = kept;
  // Told before it counts as ended: a message that nobody got is repeated.
  await notify(telling(kept, await allDrills()));
  await changeDrill(id, (drill) => (drill.endedAt ? drill : { ...drill, endedAt: now().toISOString() }));
  const { platform } = configuration();
  if (result.rtoSeconds !== null) record('DrillDuration', result.rtoSeconds, platform);
  if (result.rpoSeconds !== null) record('DrillDataLoss', result.rpoSeconds, platform);
  logger.info('drill ended', { drill: id, ...result });
  return result;
};
