// What a region that was left is to follow, and the record it keeps of its way back.
import type { DBInstance } from '@aws-sdk/client-rds';
import { configuration, rdsSourceNamed } from '../../shared/config/platform.ts';
import type { RdsSource } from '../../shared/config/schema.ts';
import { settings } from '../../shared/config/settings.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { instanceIn } from '../../shared/rds/instances.ts';
import { openInstance, readLogin } from '../../shared/rds/logins.ts';
import type { Epoch } from '../../shared/recovery/documents.ts';
import { Rejoin, rejoinKey } from '../../shared/recovery/rejoin.ts';
import { changeDocument } from '../../shared/vault/documents.ts';
import { recoveryPlan } from './epoch.ts';
import { NotFenced, PlatformHere, ResidenceUnknown } from './errors.ts';
import { closeFence } from './fences.ts';
import { epochHere, epochThere, livesHere } from './residence.ts';

export type RejoinStep =
  | { done: true; instance: string; keptAs: string | null }
  | { done: false; waitSeconds: number; found: string };

/** What this region is to follow, and where its record stands. */
export interface Way {
  name: string;
  source: RdsSource;
  /** Instance of this region, and of the one where the platform lives. */
  here: string;
  there: string;
  /** The move that took the platform away; undefined where it never moved. */
  move: Epoch | undefined;
  key: string;
}

export const wait = (found: string, waitSeconds: number): RejoinStep => ({ done: false, waitSeconds, found });

/** @throws {PlatformHere} {ResidenceUnknown} */
export const wayOf = async (): Promise<Way> => {
  const { platform } = configuration();
  const { region, peer } = settings();
  const { source: name } = recoveryPlan().database;
  const source = rdsSourceNamed(name);
  const there = await epochThere();
  if (there === 'unknown')
    throw new ResidenceUnknown('where the platform lives cannot be known: the other region does not answer.', {
      source: platform,
      expected: `the epoch of ${peer.region}`,
      next: `Nothing was changed. Start it again when ${peer.region} answers.`,
    });
  const here = await epochHere();
  const running = [here, there].find((epoch) => epoch?.status === 'running');
  if (running || (await livesHere(there)))
    throw new PlatformHere(
      running
        ? 'the platform is being moved.'
        : 'the platform lives in this region: there is nothing to get ready for.',
      {
        source: platform,
        expected: `a platform that lives in ${peer.region}`,
        found: running ? `${running.failoverId} under way to ${running.to}` : `it lives in ${region}`,
        next: running ? 'Nothing was changed. Wait until that has ended.' : `Start it in ${peer.region}.`,
      },
    );
  const move = there;
  return {
    name,
    source,
    here: instanceIn(source, region),
    there: instanceIn(source, peer.region),
    move,
    key: rejoinKey(move?.failoverId ?? 'none', region),
  };
};

export const open = async ({ name, source }: Way, instance: DBInstance, signal: AbortSignal): Promise<Session> =>
  openInstance(name, instance, source.database, await readLogin(name, source.secret), {
    statementSeconds: 600,
    signal,
  });

export const change = (way: Way, by: (standing: Rejoin) => Rejoin): Promise<Rejoin> =>
  changeDocument(way.key, Rejoin, by);

/** Rows that are compared must not change, and nobody may write to what loses its name. @throws {NotFenced} */
export const assertShut = async ({ name }: Way, signal: AbortSignal): Promise<void> => {
  const { region } = settings();
  const { roles } = recoveryPlan().database.fence;
  const fence = await closeFence(name, roles, region, signal);
  if (fence.outcome === 'fenced' || fence.outcome === 'cannot-write') return;
  throw new NotFenced('the old database is not shut to the application.', {
    source: name,
    expected: `no login and no session of ${roles.join(', ')} in ${region}`,
    found: fence.found,
    next: 'It was tried just now and may hold at the next look: this is tried again. If it does not, stop what writes there.',
  });
};
