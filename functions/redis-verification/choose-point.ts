import { lambda } from '../../shared/lambda/lambda.ts';
import { ChooseRequest } from '../../shared/verification/requests.ts';
import { choosePoint } from './archives-to-verify.ts';

/** Chooses the archive to verify and says what its test group is called. */
export const handler = lambda(ChooseRequest, choosePoint);
