// Compares a restored copy with the two fingerprints of its recovery point, one work item at a time.
import { z } from 'zod';
import { readPoint } from '../../shared/catalog/catalog.ts';
import { now, secondsBetween } from '../../shared/clock.ts';
import type { Session } from '../../shared/postgres/session.ts';
import { findDocument, readDocument, writeOnce } from '../../shared/verification/step-documents.ts';
import { StepRequest } from '../../shared/verification/steps.ts';
import { openCopy } from './databases.ts';
import { readDefinitions, readSequences } from './definitions.ts';
import { Comparison, comparisonKey } from './evidence.ts';
import { Closed, type Definition, Plan } from './fingerprint-document.ts';
import { closedKey, planKey } from './fingerprint-keys.ts';
import { compareDefinitions, compareSequences } from './schema-comparison.ts';
import { compareTables } from './table-comparisons.ts';
import { instanceName } from './test-instances.ts';

export const CompareRequest = StepRequest.extend({ item: z.union([z.literal('schema'), z.int().nonnegative()]) });
export type CompareRequest = z.output<typeof CompareRequest>;

/** A restored volume loads its blocks on first touch: slow is no sign of anything. */
const STATEMENT_SECONDS = 600;

/** Compares one item and leaves its finding in the vault; run again, it finds that. */
export const compareFingerprint = async (
  request: CompareRequest,
  { signal }: { signal: AbortSignal },
): Promise<{ item: 'schema' | number; differences: number }> => {
  const { recoveryPoint, execution, item } = request;
  const key = comparisonKey(recoveryPoint, execution, item);
  const { value } =
    (await findDocument(key, Comparison)) ?? (await writeOnce(key, Comparison, await compare(request, signal)));
  return {
    item,
    differences: value.differences.length + value.tables.reduce((sum, table) => sum + table.differences.length, 0),
  };
};

const compare = async (
  { source, recoveryPoint, execution, item }: CompareRequest,
  signal: AbortSignal,
): Promise<Comparison> => {
  const started = now();
  const { value: before } = await readDocument(planKey(recoveryPoint, 'before'), Plan);
  const { value: after } = await readDocument(planKey(recoveryPoint, 'after'), Plan);
  const { value: closed } = await readDocument(closedKey(recoveryPoint, 'after'), Closed);
  const point = await readPoint(recoveryPoint);
  await using copy = await openCopy(point, instanceName(source, execution), {
    statementSeconds: STATEMENT_SECONDS,
    signal,
  });
  const definitions = await readDefinitions(copy);
  const finding = { objects: 0, differences: [], notCompared: [] };
  const found =
    item === 'schema'
      ? { ...(await compareSchema(before, after, definitions, copy)), tables: [] }
      : {
          ...finding,
          tables: await compareTables(
            { source, before, after, redefined: closed.redefined, definitions, copy, signal },
            item,
          ),
        };
  return { item, at: started.toISOString(), seconds: secondsBetween(started, now()), ...found };
};

const compareSchema = async (before: Plan, after: Plan, definitions: Definition[], copy: Session) => {
  const objects = compareDefinitions(before, after, definitions);
  const sequences = compareSequences(before, after, await readSequences(copy));
  return {
    objects: objects.objects + sequences.objects,
    differences: [...objects.differences, ...sequences.differences],
    notCompared: [...before.notCompared, ...objects.notCompared, ...sequences.notCompared],
  };
};
