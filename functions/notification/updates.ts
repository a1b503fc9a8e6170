// Updates while a failover runs. Turns follow from the time of the declaration: each audience has one every so often, and
// one when it has ended. A turn is claimed by a document of its own, so that it is told once, however often this runs.
import { z } from 'zod';
import { secondsBetween } from '../../shared/clock.ts';
import { configuration } from '../../shared/config/platform.ts';
import { settings } from '../../shared/config/settings.ts';
import { updateKey } from '../../shared/notify/journal.ts';
import { look } from '../../shared/notify/notify.ts';
import { publish } from '../../shared/notify/publish.ts';
import { audienceTopic } from '../../shared/notify/topics.ts';
import { type Sight, TELLING_MS } from '../../shared/notify/trouble.ts';
import { Epoch, epochKey, PHASES, PhaseRecord, phaseKey } from '../../shared/recovery/documents.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument } from '../../shared/vault/documents.ts';
import { MessagesUntold } from './errors.ts';
import { customerUpdate, internalUpdate, type Progress } from './update-texts.ts';

/** Longer ago, who was to hear of the end has heard of it, or from people. */
const REMEMBERED_SECONDS = 86_400;

export interface Updates {
  failoverId: string | null;
  /** Audiences that were told now. */
  told: string[];
}

/** @throws {MessagesUntold} naming the audiences that could not be told; the next run tries again. */
export const sendUpdates = async (): Promise<Updates> => {
  const sight = look();
  const epoch = await findDocument(epochKey(settings().region), Epoch);
  if (!epoch || isLongOver(epoch, sight)) return { failoverId: null, told: [] };
  const progress = await progressOf(epoch, sight);
  const told: string[] = [];
  const untold: string[] = [];
  for (const audience of Object.keys(configuration().notifications.audiences)) {
    const turn = turnOf(epoch, audience, sight);
    if (turn === undefined || !(await claimTurn(epoch, audience, turn, sight))) continue;
    try {
      await tell(audience, turn, progress);
      await close(epoch, audience, turn, sight, true);
      told.push(audience);
    } catch (error) {
      await close(epoch, audience, turn, sight, false);
      untold.push(`${audience}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  logger.info('updates sent', { failover: epoch.failoverId, told, untold });
  if (untold.length === 0) return { failoverId: epoch.failoverId, told };
  throw new MessagesUntold('some audiences could not be told.', {
    source: 'notification',
    found: untold,
    next: 'The next run tries again; tell them yourself until then.',
  });
};

const isLongOver = ({ endedAt }: Epoch, { at }: Sight): boolean =>
  endedAt !== undefined && secondsBetween(new Date(endedAt), at) > REMEMBERED_SECONDS;

/** A number while it runs, `end` afterwards; undefined for those who are not to hear of it at all. */
const turnOf = (epoch: Epoch, audience: string, { at }: Sight): number | 'end' | undefined => {
  const { wording, every } = audienceNamed(audience);
  if (wording === 'customer' && epoch.status === 'abandoned') return undefined;
  if (epoch.status !== 'running') return 'end';
  return Math.max(0, Math.floor(secondsBetween(new Date(epoch.declaredAt), at) / every));
};

const audienceNamed = (name: string) => {
  const { audiences } = configuration().notifications;
  return audiences[name] as (typeof audiences)[string];
};

const tell = async (audience: string, turn: number | 'end', progress: Progress): Promise<void> => {
  const { wording, every } = audienceNamed(audience);
  const text = wording === 'customer' ? customerUpdate : internalUpdate;
  const declared = new Date(progress.epoch.declaredAt).getTime();
  const nextUpdate = turn === 'end' ? undefined : new Date(declared + (turn + 1) * every * 1000);
  await publish(audienceTopic(audience), text(progress, turn, nextUpdate));
};

const progressOf = async (epoch: Epoch, { at }: Sight): Promise<Progress> => {
  const records = await Promise.all(
    PHASES.map((phase) => findDocument(phaseKey(epoch.failoverId, phase), PhaseRecord)),
  );
  const phases = records.filter((record) => record !== undefined);
  const seen = phases.find(({ phase }) => phase === 'declare')?.facts.since;
  return { at, epoch, phases, since: new Date(typeof seen === 'string' ? seen : epoch.declaredAt) };
};

const Turn = z.strictObject({ at: z.iso.datetime(), by: z.string(), told: z.boolean() });

const claimTurn = async (epoch: Epoch, audience: string, turn: number | 'end', sight: Sight): Promise<boolean> => {
  const key = updateKey(epoch.failoverId, audience, String(turn));
  const mine = { at: sight.at.toISOString(), by: sight.by, told: false };
  const { value, created } = await openDocument(key, Turn, mine);
  if (created) return true;
  const isFree = ({ at, told }: z.output<typeof Turn>): boolean =>
    !told && sight.at.getTime() - new Date(at).getTime() >= TELLING_MS;
  if (!isFree(value)) return value.by === sight.by;
  return (await changeDocument(key, Turn, (found) => (isFree(found) ? mine : found))).by === sight.by;
};

/** Told, or free for the next run to try again. */
const close = async (
  { failoverId }: Epoch,
  audience: string,
  turn: number | 'end',
  { by }: Sight,
  told: boolean,
): Promise<void> => {
  await changeDocument(updateKey(failoverId, audience, String(turn)), Turn, (found) =>
    found.by === by ? { ...found, told, ...(told ? {} : { at: new Date(0).toISOString() }) } : found,
  );
};
