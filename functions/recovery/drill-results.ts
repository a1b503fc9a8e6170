// What a drill measured, and what is left to do. Pure, so that every outcome can be tried.
import { secondsBetween } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Phase, PhaseRecord } from '../../shared/recovery/documents.ts';
import type { DrillResult } from '../../shared/recovery/drills.ts';
import type { Trouble } from './announcements.ts';

/** With these customers would be served. */
const NEEDED: readonly Phase[] = ['database', 'cache', 'streams', 'infrastructure', 'workloads', 'dns', 'health'];

const rounded = (seconds: number): number => Math.round(seconds * 10) / 10;
const spent = ({ startedAt, endedAt }: PhaseRecord): number =>
  endedAt ? rounded(secondsBetween(new Date(startedAt), new Date(endedAt))) : 0;

/** @param declaredAt when the clock started; @param trouble why it did not come to its end, where it did not */
export const resultOf = (
  records: readonly PhaseRecord[],
  declaredAt: Date,
  { objectives }: Pick<Recovery, 'objectives'>,
  trouble: Pick<Trouble, 'state' | 'cause'> | undefined,
): DrillResult => {
  const ended = records.filter(({ endedAt }) => endedAt);
  const served = ended.flatMap(({ phase, endedAt = '' }) => (NEEDED.includes(phase) ? Date.parse(endedAt) : []));
  const factsOf = (of: Phase): PhaseRecord['facts'] => ended.find(({ phase }) => phase === of)?.facts ?? {};
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  const rtoSeconds =
    trouble || served.length === 0 ? null : rounded(secondsBetween(declaredAt, new Date(Math.max(...served))));
  const rpoSeconds = number(factsOf('database').lossSeconds);
  const { failed } = factsOf('validate');
  const tasks = [
    ...(trouble ? [`"${trouble.state}" failed: ${trouble.cause}`.slice(0, 1000)] : []),
    ...(rtoSeconds !== null && rtoSeconds > objectives.rto
      ? [`RTO ${rtoSeconds} s is more than its objective of ${objectives.rto} s`]
      : []),
    ...(rpoSeconds !== null && rpoSeconds > objectives.rpo
      ? [`RPO ${rpoSeconds} s is more than its objective of ${objectives.rpo} s`]
      : []),
    ...(rpoSeconds === null && !trouble ? ['RPO could not be measured: the copy holds no beat of the canary'] : []),
    ...ended.flatMap((record) =>
      record.targetSeconds && spent(record) > record.targetSeconds
        ? [`${record.phase} took ${spent(record)} s, longer than its target of ${record.targetSeconds} s`]
        : [],
    ),
    ...ended.flatMap(({ phase, facts }) => (typeof facts.trouble === 'string' ? [`${phase}: ${facts.trouble}`] : [])),
    ...(Array.isArray(failed) ? failed.map((each) => `validation: ${String(each)}`) : []),
  ];
  return {
    outcome: trouble ? 'stopped' : tasks.length > 0 ? 'fell short' : 'passed',
    ...{ rtoSeconds, rpoSeconds },
    phases: Object.fromEntries(ended.map((record) => [record.phase, spent(record)])),
    databaseBytes: number(factsOf('database').bytes),
    tasks,
  };
};
