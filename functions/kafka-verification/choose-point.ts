import { lambda } from '../../shared/lambda/lambda.ts';
import { ChooseRequest } from '../../shared/verification/requests.ts';
import { chooseArchives } from './plans.ts';

/** Chooses the archives to verify, and makes the topics they are replayed into. */
export const handler = lambda(ChooseRequest, chooseArchives);
