import { z } from 'zod';
import { lambda } from '../../shared/lambda/lambda.ts';
import { holdSwitch } from './dns-switches.ts';

/** Keeps up what the last switch of this region withdrew, until the other region has been told. */
export const handler = lambda(z.strictObject({}), holdSwitch);
