// What a drill measured, what it has to be compared with, and what is left to do. Pure, so that every outcome can be tried.
import { secondsBetween } from '../../shared/clock.ts';
import type { Recovery } from '../../shared/config/recovery.ts';
import type { Phase, PhaseRecord } from '../../shared/recovery/documents.ts';
import { type Drill, type DrillResult, forecast } from '../../shared/recovery/drills.ts';
import type { Trouble } from './announcements.ts';

/** With these customers would be served. */
const NEEDED: readonly Phase[] = ['database', 'cache', 'infrastructure', 'workloads', 'dns', 'health'];

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
  const { trouble: unfenced } = factsOf('fence');
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
    ...(typeof unfenced === 'string' ? [`fence: ${unfenced}`] : []),
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

/** Against the last drill that did the same, and where its figures lead. */
export const compared = (
  drill: Drill,
  all: readonly Drill[],
  { objectives }: Pick<Recovery, 'objectives'>,
): string[] => {
  const alike = all
    .filter(({ mode, kind, endedAt }) => endedAt && mode === drill.mode && scopeOf(kind) === scopeOf(drill.kind))
    .toSorted((a, b) => a.dueAt.localeCompare(b.dueAt));
  const before = alike.findLast(({ id, dueAt }) => id !== drill.id && dueAt < drill.dueAt);
  return FIGURES.flatMap(({ name, key, objective }) => {
    const value = drill.result?.[key] ?? null;
    if (value === null) return [];
    const earlier = before?.result?.[key] ?? null;
    const than = earlier === null ? '' : `; ${earlier} s in ${before?.id}`;
    const when = forecast(measured(alike, key), objectives[objective]);
    const line = `${name} ${value} s, objective ${objectives[objective]} s${than}`;
    return when
      ? [line, `${name}: as it grows, more than its objective from ${when.toISOString().slice(0, 10)} on`]
      : [line];
  });
};

const FIGURES = [
  { name: 'RTO', key: 'rtoSeconds', objective: 'rto' },
  { name: 'RPO', key: 'rpoSeconds', objective: 'rpo' },
] as const;

/** A surprise does what a full drill does. */
const scopeOf = (kind: Drill['kind']): string => (kind === 'surprise' ? 'full' : kind);

const measured = (drills: readonly Drill[], key: 'rtoSeconds' | 'rpoSeconds'): { at: Date; seconds: number }[] =>
  drills.flatMap(({ dueAt, result }) => {
    const seconds = result?.[key] ?? null;
    return seconds === null ? [] : [{ at: new Date(dueAt), seconds }];
  });
