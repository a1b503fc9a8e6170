import { SnapshotRequest } from '../../shared/catalog/requests.ts';
import { lambda } from '../../shared/lambda/lambda.ts';
import { openArchive } from './opening.ts';

/** Opens the recovery point of an archive, and plans what is to be archived. Run again for the same time, it finds its own. */
export const handler = lambda(SnapshotRequest, openArchive);
