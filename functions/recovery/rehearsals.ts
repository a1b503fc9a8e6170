// The calendar of drills, looked at every few minutes: what is due begins, what is planned is announced, and what a drill
// left whose execution died is removed.
import { z } from 'zod';
import { startAttempts } from '../../shared/attempts.ts';
import { isExecutionRunning, startExecution } from '../../shared/aws/executions.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { notify } from '../../shared/notify/notify.ts';
import { drillEpochKey, Epoch } from '../../shared/recovery/documents.ts';
import type { Drill, DrillResult } from '../../shared/recovery/drills.ts';
import { Plan, planKey } from '../../shared/recovery/plan.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { newestVerdict } from './declarations.ts';
import { allDrills, changeDrill, findDrill } from './drill-book.ts';
import { planDue } from './drill-calendar.ts';
import { removeCopies } from './drill-copies.ts';
import { conclude, endDrill } from './drill-endings.ts';
import { announcedMessage, handedOutMessage } from './drill-messages.ts';
import { resultOf } from './drill-results.ts';
import { endEpoch, recoveryPlan } from './epoch.ts';
import { DrillsInTrouble } from './errors.ts';
import { phaseRecords } from './phases.ts';
import { epochHere, epochThere, livesHere } from './residence.ts';

export const RehearseRequest = z.strictObject({});

export interface Rehearsed {
  begun: string[];
  /** What cannot begin yet, and why. */
  waiting: string[];
  /** What dead drills left that is not gone yet. */
  left: string[];
}

/** @throws {DrillsInTrouble} after everything that could be done was done. */
export const rehearse = async (): Promise<Rehearsed> => {
  const { drills: calendar } = recoveryPlan();
  const done: Rehearsed = { begun: [], waiting: [], left: [] };
  const { attempt, troubles } = startAttempts();
  await attempt('what dead drills left', async () => void done.left.push(...(await clearAway())));
  const there = await epochThere();
  const away = there !== 'unknown' && !(await livesHere(there));
  if (away) await attempt('the calendar', () => planDue(calendar));
  for (const drill of await allDrills()) {
    if (drill.endedAt) continue;
    await attempt(drill.id, async () => {
      if (drill.startedAt) return concludeReal(drill);
      const obstacle = await lookAt(drill, away);
      if (obstacle === undefined) done.begun.push(drill.id);
      else if (obstacle) done.waiting.push(`${drill.id}: ${obstacle}`);
    });
  }
  logger.info('drills looked at', { ...done });
  if (troubles.length === 0) return done;
  throw new DrillsInTrouble('not everything about the drills could be done.', {
    source: configuration().platform,
    found: troubles.join('; '),
    next: 'It is tried again within minutes; if this repeats, do what the causes say.',
  });
};

/** Whose execution died cannot clean up. Its claim is ended first: a step that still runs then finds that it may not act. */
const clearAway = async (): Promise<string[]> => {
  const claim = await findDocument(drillEpochKey(settings().region), Epoch);
  if (!claim || (await isExecutionRunning('failover', claim.execution))) return [];
  const { failoverId, status, endedAt } = claim;
  if (status === 'running') await endEpoch(failoverId, 'abandoned');
  const drill = await findDrill(failoverId);
  if (drill && !drill.endedAt) {
    const ended = await endDrill({ failoverId, trouble: DIED });
    return ended.done ? [] : [ended.found];
  }
  // What a step asked for in its last moment may show only now.
  return secondsBetween(new Date(endedAt ?? now()), now()) < DAY ? removeCopies(failoverId) : [];
};

const DAY = 86_400;
const DIED = { state: 'the execution', error: 'ExecutionEnded', cause: 'it ended before the drill did', also: [] };

/** A day after it was due nobody expects it any more. */
const LATE_SECONDS = DAY;

/** Begins a drill that is due. Undefined once it has begun; why not yet, or nothing where it is not due. */
const lookAt = async (drill: Drill, away: boolean): Promise<string | undefined> => {
  const late = secondsBetween(new Date(drill.dueAt), now());
  if (late < 0) {
    if (away) await announce(drill);
    return '';
  }
  const obstacle = await obstacleTo(drill, away);
  if (!obstacle) {
    await begin(drill);
    return undefined;
  }
  if (late > LATE_SECONDS) await conclude(drill.id, missed(obstacle));
  return obstacle;
};

const announce = async (drill: Drill): Promise<void> => {
  if (drill.announcedAt || drill.kind === 'surprise') return;
  await notify(announcedMessage(drill));
  await changeDrill(drill.id, (standing) => ({ ...standing, announcedAt: now().toISOString() }));
};

/** Nobody rehearses while the house burns. */
const obstacleTo = async ({ kind }: Drill, away: boolean): Promise<string | undefined> => {
  if (!away) return 'the platform lives here, or the other region does not answer';
  if (kind === 'tabletop') return undefined;
  const failover = await epochHere();
  if (failover?.status === 'running') return `the failover ${failover.failoverId} is under way`;
  const claim = await findDocument(drillEpochKey(settings().region), Epoch);
  if (claim?.status === 'running') return `the drill ${claim.failoverId} is under way`;
  const verdict = await newestVerdict();
  return verdict === 'healthy' ? undefined : `the other region is ${verdict}, by the newest assessment`;
};

const begin = async (drill: Drill): Promise<void> => {
  const { id, kind, mode } = drill;
  if (kind === 'tabletop') return handOut(drill);
  const { platform } = configuration();
  const common = { failoverId: id, reason: `the ${kind} drill of the calendar`, by: 'the calendar of drills' };
  await startExecution('failover', id, { ...common, ...(mode === 'real' ? { override: platform } : { drill: kind }) });
  // Afterwards: asked for twice, an execution of one name begins once.
  await changeDrill(id, (standing) =>
    standing.startedAt ? standing : { ...standing, startedAt: now().toISOString() },
  );
};

const handOut = async ({ id }: Drill): Promise<void> => {
  const plan = await findDocument(planKey(settings().region), Plan);
  const headline = plan?.headline ?? ['no plan was made yet: recovery.plan.schedule makes one'];
  await conclude(id, { ...NOTHING, outcome: 'handed out' }, (drill) => handedOutMessage(drill, headline));
};

const NOTHING: Omit<DrillResult, 'outcome'> = {
  ...{ rtoSeconds: null, rpoSeconds: null, phases: {}, databaseBytes: null, tasks: [] },
};
const missed = (obstacle: string): DrillResult => ({
  ...NOTHING,
  outcome: 'missed',
  tasks: [`it could not begin within a day: ${obstacle}`],
});

/** A move for real ends by itself, as a failover; what it measured is its drill's. */
const concludeReal = async ({ id, mode }: Drill): Promise<void> => {
  const epoch = await epochHere();
  if (mode !== 'real' || epoch?.failoverId !== id || epoch.status === 'running') return;
  const trouble = epoch.status === 'abandoned' ? { state: 'failover', cause: 'it was given up' } : undefined;
  await conclude(id, resultOf(await phaseRecords(id), new Date(epoch.declaredAt), recoveryPlan(), trouble));
};
