// The way back from a mirror: what a restore of the cluster that was left is asked to do. It is the restore of an archive, read back record
// by record, with groups moved exactly; a mirror in the other direction could not tell what it had copied before.
import type { z } from 'zod';
import { now } from '../../shared/clock.ts';
import { mirroredName } from '../../shared/kafka/mirror.ts';
import { newestArchiveHere } from '../../shared/kafka/newest.ts';
import { wants } from '../../shared/kafka/patterns.ts';
import { mirrorRefused, openMirror } from './mirror-sides.ts';
import type { RestoreRequest } from './restore-plans.ts';

/** Input of the machine restore-kafka. */
export type ReturnPlan = z.input<typeof RestoreRequest>;

/** @throws {MirrorRefused} where the mirror has no archive, or one without its topics */
export const planReturn = async ({ source, restoreId }: { source: string; restoreId: string }): Promise<ReturnPlan> => {
  const { target, mirror } = await openMirror(source);
  const newest = await newestArchiveHere(target, now());
  if (!newest) throw mirrorRefused(source, `an archive of ${target}, which is a source of its own`, 'none');
  const wanted = wants(mirror.topics);
  const prefix = mirroredName(mirror, source, '');
  const topics = newest.index.topics
    .filter(({ name }) => name.startsWith(prefix) && wanted(name.slice(prefix.length)))
    .map(({ name, id }) => ({ topic: name, topicId: id, as: name.slice(prefix.length) }));
  if (topics.length === 0)
    throw mirrorRefused(
      source,
      `mirrored topics in ${newest.point.id}`,
      newest.index.topics.map(({ name }) => name),
    );
  return { restoreId, recoveryPoint: newest.point.id, into: source, topics, target: 'absent' };
};
