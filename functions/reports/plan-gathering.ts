import { settings } from '../../shared/config/settings.ts';
import { Plan, planKey } from '../../shared/recovery/plan.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { findThere } from './peer-documents.ts';

export interface PlanReport {
  plan: Plan;
  /** The bucket that the plan and its runbook stand in. */
  vault: string;
}

/** The plan of leaving this region stands in the other one; where there is none, the plan of having come here is shown. */
export const gatherPlan = async (): Promise<PlanReport | undefined> => {
  const { region, vaultBucket, peer } = settings();
  const theirs = await findThere(planKey(peer.region), Plan);
  if (theirs) return { plan: theirs, vault: peer.vaultBucket };
  const plan = await findDocument(planKey(region), Plan);
  return plan && { plan, vault: vaultBucket };
};
