import { lambda } from '../../shared/lambda/lambda.ts';
import { OpenRequest, openArchive } from './opening.ts';

/** Opens the recovery point of an archive, and plans what is to be archived. Run again for the same time, it finds its own. */
export const handler = lambda(OpenRequest, openArchive);
