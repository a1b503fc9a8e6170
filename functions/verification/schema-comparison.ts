// Definitions and sequences of the copy against both readings of the live database.
import type { Difference } from './evidence.ts';
import type { Definition, NotCompared, Plan, Sequence } from './fingerprint-document.ts';

export interface SchemaFinding {
  objects: number;
  differences: Difference[];
  notCompared: NotCompared[];
}

const nameOf = ({ kind, name }: Definition): string => `${kind} ${name}`;
const byName = (definitions: Definition[]) =>
  new Map(definitions.map((definition) => [nameOf(definition), definition]));

/** What nothing happened to while the backup was made has to be in the copy as it was. */
export const compareDefinitions = (before: Plan, after: Plan, copy: Definition[]): SchemaFinding => {
  const [later, restored] = [byName(after.definitions), byName(copy)];
  const finding: SchemaFinding = { objects: 0, differences: [], notCompared: [] };
  for (const definition of before.definitions) {
    const name = nameOf(definition);
    const [next, found] = [later.get(name), restored.get(name)];
    if (next?.digest !== definition.digest || next.version !== definition.version) {
      finding.notCompared.push({ name, reason: 'changed while the backup was made' });
    } else if (found?.digest === definition.digest) {
      finding.objects += 1;
    } else {
      finding.differences.push({
        in: name,
        kind: 'definition',
        expected: definition.digest,
        found: found?.digest ?? 'nothing of this name',
      });
    }
  }
  const known = byName(before.definitions);
  const added = copy.map(nameOf).filter((name) => !known.has(name));
  finding.notCompared.push(...added.map((name) => ({ name, reason: 'made while the backup was made' })));
  return finding;
};

/** PostgreSQL logs a sequence this far ahead, and takes it up there after a crash or restore (sequence.c, SEQ_LOG_VALS). */
const LOGGED_AHEAD = 32n;

/** A sequence of the copy stands where it stood before the snapshot or later, and not beyond where it stood after it. */
export const compareSequences = (before: Plan, after: Plan, copy: Sequence[]): SchemaFinding => {
  const [later, restored] = [after, { sequences: copy }].map(
    ({ sequences }) => new Map(sequences.map((sequence) => [sequence.name, sequence])),
  );
  const finding: SchemaFinding = { objects: 0, differences: [], notCompared: [] };
  for (const sequence of before.sequences) {
    const name = `sequence ${sequence.name}`;
    const bounds = boundsOf(sequence, later?.get(sequence.name));
    const found = restored?.get(sequence.name);
    // Missing altogether is told by the definitions.
    if (!bounds || !found) {
      finding.notCompared.push({ name, reason: 'dropped, set back or cycling' });
    } else if (found.value !== null && bounds.lowest <= BigInt(found.value) && BigInt(found.value) <= bounds.highest) {
      finding.objects += 1;
    } else if (found.value === null && sequence.value === null) {
      finding.objects += 1;
    } else {
      finding.differences.push({
        in: name,
        kind: 'sequence',
        expected: `${bounds.lowest} to ${bounds.highest}`,
        found: found.value ?? 'never used',
      });
    }
  }
  return finding;
};

const boundsOf = (before: Sequence, after: Sequence | undefined): { lowest: bigint; highest: bigint } | undefined => {
  if (!after || before.cycle || after.cycle || before.increment !== after.increment) return undefined;
  const ahead = BigInt(after.increment) * (LOGGED_AHEAD + BigInt(after.cache));
  if (after.value === null) return before.value === null ? { lowest: 0n, highest: 0n } : undefined;
  const last = BigInt(after.value);
  // Never used before: it may have begun anywhere up to where it stands now.
  const first = before.value === null ? undefined : BigInt(before.value);
  const [from, to] = ahead > 0n ? [first ?? -(2n ** 63n), last + ahead] : [last + ahead, first ?? 2n ** 63n];
  const wentOn = ahead > 0n ? first === undefined || first <= last : first === undefined || first >= last;
  return wentOn ? { lowest: from, highest: to } : undefined;
};
