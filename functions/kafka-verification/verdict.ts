// The verdict over archives, in one place and from evidence alone: what is not there did not happen.
import type { Verdict } from '../../shared/catalog/recovery-point.ts';
import type { Trouble } from '../../shared/verification/troubles.ts';
import type { Plan, Progress, Tally } from './documents.ts';

export interface Check {
  name: string;
  severity: 'critical';
  result: { expected: string; found: string; passed: boolean; seconds: number };
}

export interface Evidence {
  /** Undefined where there was nothing to verify. */
  plan: Plan | undefined;
  troubles: Trouble[];
  /** Undefined where a group was not begun. */
  groups: (Progress | undefined)[];
  /** Records read back from the test cluster, by partition; undefined where one was not replayed. */
  replayed: (number | undefined)[];
}

export interface Judgement {
  verdict: Verdict;
  reason: string;
  worthRepeating?: boolean;
}

/** These say that the archive does not hold what it should. Everything else that goes wrong says that we could not test. */
const SPEAKS_AGAINST_THE_POINT = new Set(['ArtifactDamaged', 'BatchDamaged']);
const LISTED = 5;

export const judge = ({ plan, troubles, groups, replayed }: Evidence): Judgement => {
  const inconclusive = (what: string): Judgement => {
    const [first] = troubles;
    const why = first ? ` (${first.step}: ${first.error}: ${first.cause})` : '';
    return { verdict: 'INCONCLUSIVE', reason: `${what}${why}`, worthRepeating: true };
  };
  if (!plan) return inconclusive('there was no archive to verify');
  const damage = [...plan.incomplete, ...groups.flatMap((group) => group?.damage ?? [])];
  if (damage.length > 0) {
    const more = damage.length > LISTED ? `; and ${damage.length - LISTED} more` : '';
    return { verdict: 'FAILED', reason: `${damage.slice(0, LISTED).join('; ')}${more}` };
  }
  const damning = troubles.find(({ error }) => SPEAKS_AGAINST_THE_POINT.has(error));
  if (damning) return { verdict: 'FAILED', reason: `${damning.step}: ${damning.error}: ${damning.cause}` };
  if (groups.some((group) => !group?.done)) return inconclusive('not every archive was read through');
  const { records, parts } = totals(groups);
  const read = `${records} records in ${parts} parts of ${plan.groups.flat().length} archives read through`;
  if (!plan.replay) return { verdict: 'INTACT', reason: `${read}, every digest and checksum as written` };
  if (replayed.length !== plan.replay.parts || replayed.includes(undefined))
    return inconclusive(`${read}; not every partition was replayed into ${plan.replay.into}`);
  const back = replayed.reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return {
    verdict: 'PROVEN',
    reason: `${read}; ${back} records replayed into ${plan.replay.into} and read back equal`,
  };
};

const totals = (groups: readonly (Progress | undefined)[]): Tally =>
  groups
    .flatMap((group) => Object.values(group?.topics ?? {}))
    .reduce(add, { parts: 0, bytes: 0, batches: 0, records: 0, damaged: 0 });

const add = (a: Tally, b: Tally): Tally => ({
  ...{ parts: a.parts + b.parts, bytes: a.bytes + b.bytes, batches: a.batches + b.batches },
  ...{ records: a.records + b.records, damaged: a.damaged + b.damaged },
});

/** What was looked at, topic by topic, as reports show checks. */
export const checksOf = ({ plan, groups, replayed }: Evidence): Check[] => {
  const topics = new Map<string, Tally>();
  for (const group of groups)
    for (const [topic, tally] of Object.entries(group?.topics ?? {})) {
      const known = topics.get(topic);
      topics.set(topic, known ? add(known, tally) : tally);
    }
  const check = (name: string, expected: string, found: string, passed: boolean): Check => ({
    ...{ name, severity: 'critical', result: { expected, found, passed, seconds: 0 } },
  });
  return [
    check(
      'archives follow each other without a hole',
      'no hole',
      `${plan?.incomplete.length ?? 0} holes`,
      plan?.incomplete.length === 0,
    ),
    ...[...topics].map(([topic, { parts, records, bytes, damaged }]) =>
      check(
        `${topic}: every batch as it was written`,
        `${parts} parts whole`,
        `${damaged} damaged; ${records} records in ${bytes} bytes`,
        damaged === 0,
      ),
    ),
    ...(plan?.replay
      ? [
          check(
            `replayed into ${plan.replay.into}, read back and compared`,
            `${plan.replay.parts} partitions`,
            `${replayed.filter((each) => each !== undefined).length}`,
            replayed.length === plan.replay.parts && !replayed.includes(undefined),
          ),
        ]
      : []),
  ];
};
