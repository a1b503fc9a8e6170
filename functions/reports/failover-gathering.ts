// The last failover into this region, as its documents in the vault tell it.
import { z } from 'zod';
import { keysUnder } from '../../shared/catalog/catalog.ts';
import { settings } from '../../shared/config/settings.ts';
import { ASSESSMENTS, Assessment, assessmentKey } from '../../shared/recovery/assessment.ts';
import { Epoch, epochKey, PHASES, PhaseRecord, phaseKey, validationKey } from '../../shared/recovery/documents.ts';
import { Rejoin, rejoinKey } from '../../shared/recovery/rejoin.ts';
import { findDocument } from '../../shared/vault/documents.ts';
import { findThere } from './peer-documents.ts';

/** What the report reads of a validation; the document is written by the recovery's last phase but one. */
const Validation = z.looseObject({
  points: z.array(
    z.looseObject({
      group: z.string(),
      title: z.string(),
      result: z.string(),
      expected: z.string().optional(),
      found: z.string().optional(),
    }),
  ),
});

export interface FailoverReport {
  epoch: Epoch;
  phases: PhaseRecord[];
  /** What was seen just before it was declared, oldest first. */
  assessments: Assessment[];
  validation: z.output<typeof Validation>['points'];
  /** What the way back found in the region that was left, once it was asked for. */
  rejoin?: Rejoin;
}

const BEFORE_MS = 15 * 60_000;

/** Undefined where no failover ever led here. */
export const gatherFailover = async (): Promise<FailoverReport | undefined> => {
  const epoch = await findDocument(epochKey(settings().region), Epoch);
  if (!epoch) return undefined;
  const phases = await Promise.all(PHASES.map((of) => findDocument(phaseKey(epoch.failoverId, of), PhaseRecord)));
  const validation = await findDocument(validationKey(epoch.failoverId), Validation);
  const rejoin = await findThere(rejoinKey(epoch.failoverId, epoch.from), Rejoin);
  return {
    epoch,
    phases: phases.filter((record) => record !== undefined),
    assessments: await assessmentsBefore(new Date(epoch.declaredAt)),
    validation: validation?.points ?? [],
    ...(rejoin ? { rejoin } : {}),
  };
};

const assessmentsBefore = async (at: Date): Promise<Assessment[]> => {
  const found: Assessment[] = [];
  for await (const key of keysUnder(ASSESSMENTS, assessmentKey(new Date(at.getTime() - BEFORE_MS)))) {
    if (key > assessmentKey(at)) break;
    const document = await findDocument(key, Assessment);
    if (document) found.push(document);
  }
  return found;
};
