import { S3ServiceException } from '@aws-sdk/client-s3';
import { isUnreachable } from '../../shared/aws/unreachable.ts';
import { settings } from '../../shared/config/settings.ts';
import { Plan, planKey } from '../../shared/recovery/plan.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { DocumentUnreadable } from '../../shared/vault/errors.ts';

/** A region in trouble answers slowly or not at all. */
const ANSWER_MS = 5_000;

export interface PlanReport {
  plan: Plan;
  /** The bucket that the plan and its runbook stand in. */
  vault: string;
}

/** The plan of leaving this region stands in the other one; where there is none, the plan of having come here is shown. */
export const gatherPlan = async (): Promise<PlanReport | undefined> => {
  const { region, vaultBucket } = settings();
  const theirs = await planThere();
  if (theirs) return theirs;
  const plan = await findDocument(planKey(region), Plan);
  return plan && { plan, vault: vaultBucket };
};

/** The report is written on the day on which that region is gone, too. */
const planThere = async (): Promise<PlanReport | undefined> => {
  const { region, vaultBucket: bucket } = settings().peer;
  try {
    const plan = await findDocument(planKey(region), Plan, { region, bucket, signal: AbortSignal.timeout(ANSWER_MS) });
    return plan && { plan, vault: bucket };
  } catch (error) {
    const known = isUnreachable(error) || error instanceof S3ServiceException || error instanceof DocumentUnreadable;
    if (!known) throw error;
    logger.warn('the plan of the other region could not be read', { region, error: (error as Error).name });
    return undefined;
  }
};
