// After a failover whose fence could not be confirmed: the old primary may come back at any time, with writers that know
// nothing of it. Every minute it is tried to shut it, until it was found shut, for as long as the platform lives here.
import { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import { notify } from '../../shared/notify/notify.ts';
import { type Epoch, PhaseRecord, phaseKey, Watch, watchKey } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { recoveryPlan } from './epoch.ts';
import { closeFence, type Fence } from './fences.ts';
import { leave } from './monitoring.ts';
import { epochHere, epochThere, movedHere } from './residence.ts';

export const GuardRequest = z.strictObject({});

export interface Guarded {
  /** Why nothing was done, or what was found. */
  found: string;
  fenced: boolean;
}

export const guard = async (_: object, { signal }: Work): Promise<Guarded> => {
  const here = await epochHere();
  if (!here) return { found: 'no failover into this region', fenced: false };
  const [fence, monitoring] = await Promise.all(
    (['fence', 'monitoring'] as const).map((of) => findDocument(phaseKey(here.failoverId, of), PhaseRecord)),
  );
  if (!fence?.endedAt) return { found: 'the fence is the failover’s own affair so far', fenced: false };
  const watch = await findDocument(watchKey(here.failoverId), Watch);
  const fenced = fence.facts.confirmed === true || watch?.fencedAt !== undefined;
  const asleep = !monitoring?.endedAt || isOff(monitoring) || watch?.asleepAt !== undefined;
  if (fenced && asleep) return { found: 'nothing left to do', fenced };
  // Only now the other region is asked: whether the platform has moved on. Where that cannot be known, nothing is shut.
  const there = await epochThere();
  if (there === 'unknown' || !movedHere(here, there)) return { found: 'the platform does not live here', fenced };
  if (!watch) await openDocument(watchKey(here.failoverId), Watch, { sessionsEnded: 0 });
  const found = fenced ? 'fenced before' : await shut(here, fence, signal);
  if (!asleep && (await leave(here.from, signal)).off)
    await note(here, (w) => ({ ...w, asleepAt: now().toISOString() }));
  logger.info('old primary watched', { failover: here.failoverId, region: here.from, found });
  return { found, fenced: fenced || found === 'fenced' };
};

const isOff = ({ facts }: PhaseRecord): boolean => (facts.left as { off?: boolean } | undefined)?.off === true;

const note = ({ failoverId }: Epoch, change: (watch: Watch) => Watch): Promise<Watch> =>
  changeDocument(watchKey(failoverId), Watch, change);

const shut = async (epoch: Epoch, fenced: PhaseRecord, signal: AbortSignal): Promise<Fence['outcome']> => {
  const { source, fence } = recoveryPlan().database;
  const look = await closeFence(source, fence.roles, epoch.from, signal);
  const watch = await note(epoch, (standing) =>
    look.ended ? { ...standing, sessionsEnded: standing.sessionsEnded + look.ended } : standing,
  );
  if (look.outcome === 'fenced') {
    await tellShut(epoch, fenced, watch, look);
    await note(epoch, (standing) => ({ ...standing, fencedAt: standing.fencedAt ?? now().toISOString() }));
  }
  if (look.outcome === 'not-fenced' && !watch.troubledAt) {
    await tellOpen(epoch, look);
    await note(epoch, (standing) => ({ ...standing, troubledAt: now().toISOString() }));
  }
  return look.outcome;
};

const tellShut = (
  { from, to, declaredAt }: Epoch,
  { endedAt }: PhaseRecord,
  watch: Watch,
  look: Fence,
): Promise<void> => {
  const { platform } = configuration();
  return notify({
    topic: 'disaster',
    what: `The old primary of ${platform} in ${from} came back and was shut to the application`,
    source: platform,
    since: new Date(endedAt ?? declaredAt),
    impact: `Until now the application could write there, and what it wrote is not in ${to}.`,
    evidence: [look.found, `sessions ended: ${watch.sessionsEnded}`, `found shut at ${now().toISOString()}`],
    next: 'Leave it as it is: the report of differences of the failback lists what was written there (docs/failover.md).',
  });
};

const tellOpen = ({ from, to, declaredAt }: Epoch, look: Fence): Promise<void> => {
  const { platform } = configuration();
  return notify({
    topic: 'critical',
    what: `The old primary of ${platform} in ${from} is back and CANNOT be shut to the application`,
    source: platform,
    since: new Date(declaredAt),
    impact: `Two databases take writes: this one and that of ${to}, where the platform lives.`,
    evidence: [look.found],
    next: `Stop the instance in ${from}, or close its security group, now. It is tried again every minute.`,
  });
};
