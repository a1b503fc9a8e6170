import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { settings } from '../../shared/config/settings.ts';
import { Plan, planKey } from '../../shared/recovery/plan.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';

const ANSWER_MS = 5_000;

/** The report is written where the platform lives; the plan stands in the other region, and is left out while that does not answer. */
export const gatherPlan = async (): Promise<{ plan: Plan; vault: string } | undefined> => {
  const { region, vaultBucket: bucket } = settings().peer;
  try {
    const plan = await findDocument(planKey(region), Plan, { region, bucket, signal: AbortSignal.timeout(ANSWER_MS) });
    return plan && { plan, vault: bucket };
  } catch (error) {
    if (!isUnreachable(error)) throw error;
    logger.warn('the plan of the other region could not be read', { region });
    return undefined;
  }
};
