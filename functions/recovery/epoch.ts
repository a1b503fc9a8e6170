// The epoch: who may move the platform. Taken once by conditional write; every step of every phase asks again.
import { now } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import { settings } from '../../shared/config/settings.ts';
import { drillEpochKey, Epoch, epochKey, isDrill, PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { EpochLost, FailoverIdTaken, FailoverUnderWay, RecoveryNotConfigured } from './errors.ts';

/** @throws {RecoveryNotConfigured} */
export const recoveryPlan = (): Recovery => {
  const { recovery, platform } = configuration();
  if (recovery) return recovery;
  throw new RecoveryNotConfigured('no recovery is configured.', {
    source: platform,
    expected: 'the part "recovery" of the configuration',
    next: 'Add it (docs/configuration.md) and deploy both regions.',
  });
};

export type Claim = Pick<Epoch, 'failoverId' | 'kind' | 'execution' | 'reason'>;

const keyHere = (failoverId: string): string =>
  isDrill(failoverId) ? drillEpochKey(settings().region) : epochKey(settings().region);

/**
 * Takes the epoch for a failover into this region. The same id asked again goes on where it stopped, whichever execution
 * asks; given up before anything was changed, it begins again. `atLeast` is the highest number known of the other
 * region's epoch: numbers never go back.
 * @throws {FailoverUnderWay} while another failover runs. @throws {FailoverIdTaken} for the id of an earlier failover:
 * its records would pass for the new one's.
 */
export const takeEpoch = async (claim: Claim, atLeast = 0): Promise<Epoch> => {
  const { region, peer } = settings();
  const fresh = (epoch: number): Epoch => ({
    epoch,
    ...claim,
    from: peer.region,
    to: region,
    status: 'running',
    declaredAt: now().toISOString(),
  });
  const [earlier, fence] = await Promise.all(
    (['declare', 'fence'] as const).map((of) => findDocument(phaseKey(claim.failoverId, of), PhaseRecord)),
  );
  const { created, value } = await openDocument(keyHere(claim.failoverId), Epoch, fresh(atLeast + 1));
  if (created) return value;
  return changeDocument(keyHere(claim.failoverId), Epoch, (standing) => {
    // Given up after its fence was closed, and so perhaps opened again: its records are not true any more.
    if (standing.failoverId === claim.failoverId && !(standing.status === 'abandoned' && fence))
      return resumed(standing, claim);
    if (standing.status === 'running') throw underWay(standing, claim);
    if (earlier) throw idTaken(claim, earlier);
    return fresh(Math.max(standing.epoch, atLeast) + 1);
  });
};

const resumed = (standing: Epoch, claim: Claim): Epoch => {
  if (standing.status === 'done' || (standing.status === 'running' && standing.execution === claim.execution))
    return standing;
  const { endedAt: _, ...rest } = standing;
  return { ...rest, status: 'running', execution: claim.execution };
};

export const underWay = (standing: Epoch, claim: Pick<Claim, 'failoverId'>): FailoverUnderWay =>
  new FailoverUnderWay(
    `another ${standing.kind === 'drill' ? 'drill is under way' : 'failover is moving the platform'}.`,
    {
      source: configuration().platform,
      expected: `the epoch for ${claim.failoverId}`,
      found: `epoch ${standing.epoch}, held by ${standing.failoverId} since ${standing.declaredAt} (${standing.execution})`,
      next: `Leave it to that one. If its execution is dead, start the machine again with {"failoverId": "${standing.failoverId}"}: it goes on where it stopped.`,
    },
  );

const idTaken = ({ failoverId }: Claim, { startedAt }: PhaseRecord): FailoverIdTaken =>
  new FailoverIdTaken('a failover of this id has been: others came after it, or it was given up half-way.', {
    source: configuration().platform,
    expected: 'an id that was never used',
    found: `${failoverId}, declared ${startedAt}`,
    next: 'Start it with another failoverId.',
  });

/** What a step acts under. @throws {EpochLost} when the failover does not hold the platform. */
export const holdEpoch = async (failoverId: string): Promise<Epoch> => {
  const standing = await findDocument(keyHere(failoverId), Epoch);
  if (standing?.failoverId === failoverId && standing.status !== 'abandoned') {
    if (isDrill(failoverId)) await assertNoFailover(failoverId);
    return standing;
  }
  throw new EpochLost('this failover does not hold the platform.', {
    source: configuration().platform,
    expected: failoverId,
    found: standing ? `epoch ${standing.epoch}: ${standing.failoverId}, ${standing.status}` : 'no failover at all',
    next: 'Nothing was changed. Look at the failover named above before you start another.',
  });
};

/** What a drill uses up here, a failover needs: the drill ends at its next step. */
const assertNoFailover = async (drill: string): Promise<void> => {
  const failover = await findDocument(epochKey(settings().region), Epoch);
  if (failover?.status !== 'running') return;
  throw new EpochLost('a failover began: the drill makes way for it.', {
    source: configuration().platform,
    expected: `no failover beside ${drill}`,
    found: `${failover.failoverId}, declared ${failover.declaredAt}`,
    next: 'Nothing has to be done: what the drill made is removed.',
  });
};

/** Ends the failover: done, or abandoned. Another can be started then. Ended already, it stays as it ended. @throws {DocumentMissing} */
export const endEpoch = async (failoverId: string, status: 'done' | 'abandoned'): Promise<Epoch> =>
  changeDocument(keyHere(failoverId), Epoch, (standing) => {
    if (standing.failoverId !== failoverId || standing.status !== 'running') return standing;
    return { ...standing, status, endedAt: now().toISOString() };
  });
