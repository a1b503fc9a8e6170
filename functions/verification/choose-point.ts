import { lambda } from '../../shared/lambda/lambda.ts';
import { ChooseRequest } from '../../shared/verification/requests.ts';
import { choosePoint } from './points-to-verify.ts';

/** Chooses the recovery point to verify and says what there is to do. */
export const handler = lambda(ChooseRequest, choosePoint);
