// A drill is declared like a failover and asks for less: nobody has to approve it and no outage has to be confirmed, because
// nothing of production is moved.
import { now } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Phase } from '../../shared/recovery/documents.ts';
import { type DrillKind, unplanned } from '../../shared/recovery/drills.ts';
import { assertElsewhere, type DeclareRequest, limitsOf, pathOf } from './declarations.ts';
import { changeDrill, openDrill } from './drill-book.ts';
import { takeEpoch, underWay } from './epoch.ts';
import { type PhaseAnswer, phase } from './phases.ts';
import { epochHere, epochThere } from './residence.ts';

type DrillRequest = DeclareRequest & { drill: NonNullable<DeclareRequest['drill']> };

/** @throws {PlatformHere} {FailoverUnderWay} {FailoverIdTaken} */
export const declareDrill = async (request: DrillRequest, work: Work): Promise<PhaseAnswer> => {
  const { failoverId, execution, reason, by, drill } = request;
  const [here, there] = [await epochHere(), await epochThere()];
  await assertElsewhere(failoverId, there === 'unknown' ? undefined : there);
  if (here?.status === 'running') throw underWay(here, { failoverId });
  await takeEpoch({ failoverId, kind: 'drill', execution, reason });
  const startedAt = now();
  await openDrill(unplanned(failoverId, drill, startedAt));
  await changeDrill(failoverId, (standing) =>
    standing.startedAt ? standing : { ...standing, startedAt: startedAt.toISOString() },
  );
  return phase('declare', async ({ plan }) => ({
    done: true,
    facts: {
      ...{ reason, by: by ?? null, drill, overridden: false, downSince: null },
      approval: { mode: 'pre-authorised', seconds: plan.approval.deadline },
      path: rehearsedPath(drill, plan),
      limits: limitsOf(plan),
    },
  }))({ failoverId }, work);
};

const PARTIAL: readonly Phase[] = ['fence', 'database', 'infrastructure', 'health', 'monitoring', 'validate'];

/** A partial drill leaves out what stands upon the database. */
const rehearsedPath = (drill: DrillKind, plan: Recovery): Phase[] =>
  pathOf(plan).filter((each) => drill !== 'partial' || PARTIAL.includes(each));
