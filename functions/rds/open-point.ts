import { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { openSnapshotPoint } from './points.ts';

/** Opens the recovery point of a snapshot in the catalogue. Run again for the same time, it finds its own. */
export const handler = lambda(SnapshotRequest, openSnapshotPoint);
