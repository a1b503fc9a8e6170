import { lambda } from '../../shared/lambda/lambda.ts';
import { CloseRequest, closeFingerprint } from './fingerprint-closing.ts';

/** Closes a complete fingerprint, or records why there is none, on the recovery point. */
export const handler = lambda(CloseRequest, closeFingerprint);
