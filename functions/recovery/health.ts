// Health: customers' names answer from this region, well and quickly enough. Only a request that was served counts.
import type { Work } from '../../shared/lambda/lambda.ts';
import { describeMeasured, measureEndpoint } from './endpoints.ts';
import type { PhaseContext, Step } from './phases.ts';

const LOOK_AGAIN_SECONDS = 5;

export const checkHealth = async ({ plan, rehearsal }: PhaseContext, { signal }: Work): Promise<Step> => {
  if (rehearsal)
    return { done: true, facts: { skipped: "a rehearsal switches no customers' names: there is nothing to ask" } };
  const measured = await Promise.all(plan.endpoints.map((endpoint) => measureEndpoint(endpoint, signal)));
  const bad = measured.filter(({ healthy }) => !healthy);
  const endpoints = measured.map((each) => ({ ...each }));
  if (bad.length === 0) return { done: true, facts: { endpoints } };
  return {
    done: false,
    waitSeconds: LOOK_AGAIN_SECONDS,
    found: bad.map(describeMeasured).join('; '),
    facts: { endpoints },
  };
};
