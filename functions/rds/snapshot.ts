import { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { lambda } from '../../shared/lambda/lambda.ts';

import { startSnapshot } from './snapshots.ts';

/** Starts the snapshot of one RDS instance. Run again for the same time, it finds its own snapshot. */
export const handler = lambda(SnapshotRequest, startSnapshot);
