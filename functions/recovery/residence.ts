// Where the platform lives: what the newest epoch of the two regions says. Each region keeps its own; the recovery region
// has a replica of the other's, which may be behind.
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { Epoch, epochKey } from '../../shared/recovery/documents.ts';
import { findDocument } from '../../shared/vault/documents.ts';

export const epochHere = (): Promise<Epoch | undefined> => findDocument(epochKey(settings().region), Epoch);

/** A region in trouble answers slowly or not at all. */
const ANSWER_MS = 5_000;

/** The other region's epoch: from its vault while that answers, else from the replica here; `unknown` where there is none. */
export const epochThere = async (): Promise<Epoch | 'unknown' | undefined> => {
  const { region, vaultBucket: bucket } = settings().peer;
  const signal = AbortSignal.timeout(ANSWER_MS);
  try {
    return await findDocument(epochKey(region), Epoch, { region, bucket, signal });
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    return settings().role === 'recovery' ? replicaOfEpochThere() : 'unknown';
  }
};

const replicaOfEpochThere = (): Promise<Epoch | undefined> => findDocument(epochKey(settings().peer.region), Epoch);

/** Whether a move of the platform into this region is under way or done, and none out of it came after. */
export const movedHere = (here: Epoch | undefined, there: Epoch | undefined): here is Epoch =>
  here !== undefined && counts(here) && !(there !== undefined && counts(there) && there.epoch > here.epoch);

/** What was abandoned moved nothing for good. */
const counts = ({ status }: Epoch): boolean => status !== 'abandoned';

/** By what is known in this region, without asking the other one, unless its epoch is given. */
export const livesHere = async (known?: Epoch): Promise<boolean> => {
  const [here, there] = [await epochHere(), known ?? (await replicaOfEpochThere())];
  if (movedHere(here, there)) return true;
  const movedAway = there !== undefined && counts(there);
  return settings().region === configuration().regions.primary && !movedAway;
};
