import { parsePointId } from '../../shared/catalog/ids.ts';
import { datePath } from '../../shared/clock.ts';
import type { Phase } from './fingerprint-document.ts';

const folder = (recoveryPoint: string, phase: Phase): string => {
  const { source, scheduledAt } = parsePointId(recoveryPoint);
  return `fingerprints/${source}/${datePath(scheduledAt)}/${recoveryPoint}/${phase}`;
};

export const planKey = (recoveryPoint: string, phase: Phase): string => `${folder(recoveryPoint, phase)}/plan.json`;
export const partKey = (recoveryPoint: string, phase: Phase, item: number): string =>
  `${folder(recoveryPoint, phase)}/${String(item).padStart(5, '0')}.json`;
export const closedKey = (recoveryPoint: string, phase: Phase): string => `${folder(recoveryPoint, phase)}/closed.json`;
