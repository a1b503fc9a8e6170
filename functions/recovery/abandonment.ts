// Giving up a failover. Where its database was not promoted yet, the old primary is opened to the application again.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { configuration, rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { describeInstance, instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import { type Epoch, FailoverId, PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { endEpoch, recoveryPlan } from './epoch.ts';
import { EpochLost, NameNotConfirmed, TooLateToAbandon } from './errors.ts';
import { openTo } from './fences.ts';
import { epochHere } from './residence.ts';

export const AbandonRequest = z.strictObject({
  failoverId: FailoverId,
  /** The platform's name, typed. */
  platform: z.string(),
  by: z.string().min(1).max(200),
});

/** @throws {NameNotConfirmed} {EpochLost} {TooLateToAbandon} */
export const abandon = async ({ failoverId, platform, by }: z.output<typeof AbandonRequest>, { signal }: Work) => {
  const source = configuration().platform;
  if (platform !== source)
    throw new NameNotConfirmed('giving up a failover needs the platform’s name.', {
      source,
      expected: source,
      found: platform,
      next: 'Nothing was changed. Type the name of the platform that is meant.',
    });
  const standing = await epochHere();
  if (standing?.failoverId !== failoverId) throw strangers(source, failoverId, standing);
  if (standing.status === 'done' || (await isPromoted(failoverId)))
    throw new TooLateToAbandon('the database was promoted: the failover cannot be given up any more.', {
      source,
      found: standing.status === 'done' ? `done ${standing.endedAt}` : 'promotion asked for',
      next: 'Finish it: mend what stopped it and start the machine again with the same failoverId. Then go back with a failback (docs/failover.md).',
    });
  // First: from here on no step of it acts any more.
  await endEpoch(failoverId, 'abandoned');
  const fence = await liftFence(standing, signal);
  logger.info('failover abandoned', { failover: failoverId, by, fence });
  await notify({
    topic: 'disaster',
    what: `Failover ${failoverId} of ${source} was given up by ${by}`,
    source,
    since: new Date(standing.declaredAt),
    impact: fence,
    evidence: [`epoch ${standing.epoch}, ${standing.from} to ${standing.to}`],
    next: 'Confirm with a test order where the platform lives now.',
  });
  return { failoverId, status: 'abandoned', at: now().toISOString(), fence };
};

const strangers = (source: string, failoverId: string, standing: Epoch | undefined): EpochLost =>
  new EpochLost('this failover does not hold the platform.', {
    source,
    expected: failoverId,
    found: standing ? `${standing.failoverId}, ${standing.status}` : 'no failover at all',
    next: 'Nothing was changed. Name the failover that is under way.',
  });

const isPromoted = async (failoverId: string): Promise<boolean> => {
  const database = await findDocument(phaseKey(failoverId, 'database'), PhaseRecord);
  return database?.endedAt !== undefined || database?.facts.promotionAskedAt !== undefined;
};

/** What became of the fence, for people. */
const liftFence = async ({ failoverId, from }: Epoch, signal: AbortSignal): Promise<string> => {
  if (!(await findDocument(phaseKey(failoverId, 'fence'), PhaseRecord)))
    return `Nothing was changed: the platform lives in ${from}.`;
  // By a step that was on its way when we asked before.
  if (await isPromoted(failoverId))
    return `A database was promoted here already: the old primary in ${from} stays shut to the application, or two would take writes.`;
  const plan = recoveryPlan().database;
  const source = rdsSourceNamed(plan.source);
  try {
    const instance = await describeInstance(plan.source, instanceIn(source, from), from);
    const login = await readLogin(plan.source, source.secret);
    const options = { statementSeconds: 10, signal, writes: true };
    await using session = await openInstance(plan.source, instance, source.database, login, options);
    const roles = await openTo(session, plan.fence.roles);
    return `The old primary in ${from} is open to ${roles.join(', ')} again: the platform lives there.`;
  } catch (error) {
    if (signal.aborted) throw error;
    // People open it by hand: giving up must not depend on a region in trouble.
    const why = error instanceof Error ? error.message : String(error);
    return `The old primary in ${from} may be shut to the application and could not be opened: ALTER ROLE ${plan.fence.roles.join(', ')} LOGIN there. ${why}`;
  }
};
