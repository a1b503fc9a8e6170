import { logger } from '../telemetry/logger.ts';

/** Who is told must not wait long for a store that may be down. */
const PATIENCE_MS = 5_000;

/** Undefined where the vault does not answer: whatever the reason, people come first, and the log says why. */
export const withVault = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const over = new Promise<never>((_, reject) => patience.addEventListener('abort', () => reject(patience.reason)));
  try {
    return await Promise.race([work(), over]);
  } catch (error) {
    logger.warn('message without the vault', error as Error);
    return undefined;
  }
};
