import type { RecoveryPoint } from '../../shared/catalog/recovery-point.ts';
import { settings } from '../../shared/config/settings.ts';

/** Marks what is ours: nothing without this tag is ever deleted by us. */
export const POINT_TAG = 'lifeboat:recovery-point';

export const snapshotTags = (point: RecoveryPoint) => [
  { Key: POINT_TAG, Value: point.id },
  { Key: 'lifeboat:service', Value: settings().service },
  { Key: 'lifeboat:purpose', Value: point.purpose },
];
