import { packageService } from '../../scripts/package.ts';

/** Every test that deploys runs what is packaged: made once, before the first test. */
export const setup = (): void => packageService((text) => process.stdout.write(`${text}\n`));
