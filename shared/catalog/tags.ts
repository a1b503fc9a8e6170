import { settings } from '../config/settings.ts';
import type { RecoveryPoint } from './recovery-point.ts';

/** Marks what is ours: nothing without this tag is ever deleted by us. */
export const POINT_TAG = 'lifeboat:recovery-point';

export const snapshotTags = (point: RecoveryPoint) => [
  { Key: POINT_TAG, Value: point.id },
  { Key: 'lifeboat:service', Value: settings().service },
  { Key: 'lifeboat:purpose', Value: point.purpose },
];
