// What people have to be told once a point has come to a good end that is not a quiet one. It is noted on the point by
// the very write that makes it true and taken off once SNS has the message: no kill in between can lose it.
import { changePoint } from '../../shared/catalog/catalog.ts';
import type { RecoveryPoint, Telling } from '../../shared/catalog/recovery-point.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import { rdsSourceNamed } from '../../shared/config/platform.ts';
import type { Message } from '../../shared/notify/message.ts';
import { notify } from '../../shared/notify/notify.ts';
import { anomalyMessage } from './anomalies.ts';

type What = Telling['what'];

/** Whoever notes it tells it at once. After this time they are not alive any more: no function of ours runs longer. */
const LEFT_ALONE_SECONDS = 900;

/** Notes on a point that is about to be written what its writer will then tell. */
export const noting = (point: RecoveryPoint, ...what: What[]): RecoveryPoint => {
  const since = now().toISOString();
  const open = point.toTell ?? [];
  const fresh = what.filter((each) => !open.some((noted) => noted.what === each));
  return fresh.length ? { ...point, toTell: [...open, ...fresh.map((each) => ({ what: each, since }))] } : point;
};

/** Tells what stands on a point. Killed before the note is off, it is told again: at least once. */
export const tellNoted = async (
  point: RecoveryPoint,
  isDue: (telling: Telling) => boolean = () => true,
): Promise<RecoveryPoint> => {
  let current = point;
  for (const { what } of (point.toTell ?? []).filter(isDue)) {
    const message = await messageOf(what, current);
    if (message) await notify(message);
    current = await changePoint(point.id, (standing) => without(standing, what));
  }
  return current;
};

/** Tells what its writer did not live to tell. */
export const tellLeftAlone = (point: RecoveryPoint): Promise<RecoveryPoint> =>
  tellNoted(point, ({ since }) => secondsBetween(new Date(since), now()) > LEFT_ALONE_SECONDS);

const without = (point: RecoveryPoint, what: What): RecoveryPoint => {
  const { toTell = [], ...rest } = point;
  const left = toTell.filter((noted) => noted.what !== what);
  if (left.length === toTell.length) return point;
  return left.length ? { ...rest, toTell: left } : rest;
};

const messageOf = (what: What, point: RecoveryPoint): Message | undefined | Promise<Message | undefined> => {
  switch (what) {
    case 'unusual':
      return anomalyMessage(point);
    case 'completed late':
      return completedLate(point);
    case 'copied late':
      return copiedLate(point);
  }
};

const completedLate = (point: RecoveryPoint): Message => ({
  topic: 'info',
  what: `Snapshot of ${point.source} that was given up is complete after all`,
  source: point.source,
  recoveryPoint: point.id,
  since: new Date(point.startedAt),
  impact: 'It can be restored from like any other, and is copied to the recovery region.',
  evidence: [`begun: ${point.startedAt}`, `found complete: ${point.storedAt ?? 'not known'}`],
  next: 'Nothing for this point. Find out what made RDS slow if it happens again.',
});

const copiedLate = (point: RecoveryPoint): Message | undefined => {
  const objective = rdsSourceNamed(point.source).objectives.copy;
  const late = point.copies.filter(({ lagSeconds = 0 }) => lagSeconds > objective);
  if (late.length === 0) return undefined;
  return {
    topic: 'warning',
    what: `Copy of ${point.source} to ${late.map(({ region }) => region).join(', ')} took longer than its objective`,
    source: point.source,
    recoveryPoint: point.id,
    since: new Date(point.pointInTime ?? point.startedAt),
    impact: 'The copy is complete; until then the recovery region had only the point before it.',
    evidence: [
      ...late.map(({ region, lagSeconds = 0 }) => `lag: ${Math.round(lagSeconds)} s (${region})`),
      `objective: ${objective} s`,
    ],
    next: 'A first copy is a full one and slow; if later ones are slow too, raise the objective or lean on the read replica.',
    trouble: 'copy-late',
  };
};
