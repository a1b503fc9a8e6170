import { datePath } from '../clock.ts';
import { RecoveryPointMissing } from './errors.ts';

/** Named after the scheduled time, never the clock: a retried event asks for the same recovery point. */
export const pointId = (source: string, scheduledAt: Date, suffix: string): string =>
  `${source}-${scheduledAt
    .toISOString()
    .replace(/[-:]|\.\d{3}/g, '')
    .toLowerCase()}-${suffix}`;

const ID = /^(?<source>[a-z][a-z0-9-]*)-(?<y>\d{4})(?<m>\d\d)(?<d>\d\d)t(?<h>\d\d)(?<min>\d\d)(?<s>\d\d)z-[a-z-]+$/;

/** The source and scheduled time an id was made from. @throws {RecoveryPointMissing} for text that is no id. */
export const parsePointId = (id: string): { source: string; scheduledAt: Date } => {
  const g = ID.exec(id)?.groups;
  if (!g) {
    throw new RecoveryPointMissing('this is not the id of a recovery point.', {
      source: 'catalogue',
      recoveryPoint: id,
      expected: '<source>-<YYYYMMDD>t<HHMMSS>z-<purpose>',
      next: 'Take the id from the report or from a listing of the catalogue.',
    });
  }
  return { source: g.source as string, scheduledAt: new Date(`${g.y}-${g.m}-${g.d}T${g.h}:${g.min}:${g.s}Z`) };
};

/** Where the document of a recovery point stands in the vault. */
export const catalogKey = (id: string): string => {
  const { source, scheduledAt } = parsePointId(id);
  return `catalog/${source}/${datePath(scheduledAt)}/${id}.json`;
};
