// What an archive and a topic have of a partition, by offsets: pure, so that every case can be tried. Half-open.
import type { Gap } from '../../shared/kafka/archive.ts';

export interface Span {
  from: number;
  to: number;
}

export interface Missing extends Span {
  why: Gap['why'] | 'before the first archive' | 'no record';
}

export interface Compared {
  archiveOnly: Span[];
  topicOnly: Span[];
  both: Span[];
  /** Offsets that were given and are nowhere; `no record` where neither ever had one, as compaction and markers of transactions leave them. */
  neither: Missing[];
}

/** @param standing what the brokers have; undefined where the topic is gone, or is another one of the name */
export const compareRanges = (
  archived: readonly Span[],
  gaps: readonly (Span & Pick<Gap, 'why'>)[],
  standing: Span | undefined,
): Compared => {
  // A part may go on behind what the brokers had dropped in its middle.
  const dropped = gaps.filter(({ why }) => why === 'trimmed');
  const kept = subtract(archived, dropped);
  const here = standing && standing.from < standing.to ? [standing] : [];
  const end = Math.max(0, standing?.to ?? 0, ...kept.map(({ to }) => to));
  const first = Math.min(kept[0]?.from ?? end, here[0]?.from ?? end);
  const gone = subtract([{ from: 0, to: end }], [...kept, ...here]);
  // Where gaps were recorded, they say why.
  const known = gaps.flatMap(({ why, ...gap }) => intersect(gone, [gap]).map((each): Missing => ({ ...each, why })));
  const unknown = subtract(gone, known).map(
    (each): Missing => ({ ...each, why: each.to <= first ? 'before the first archive' : 'no record' }),
  );
  return {
    archiveOnly: subtract(kept, here),
    topicOnly: subtract(here, kept),
    both: intersect(kept, here),
    neither: [...known, ...unknown].toSorted((a, b) => a.from - b.from),
  };
};

const merge = (spans: readonly Span[]): Span[] => {
  const merged: Span[] = [];
  for (const { from, to } of spans.filter((each) => each.from < each.to).toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else merged.push({ from, to });
  }
  return merged;
};

const subtract = (spans: readonly Span[], others: readonly Span[]): Span[] =>
  merge(others).reduce<Span[]>(
    (left, other) =>
      left.flatMap(({ from, to }) =>
        [
          { from, to: Math.min(to, other.from) },
          { from: Math.max(from, other.to), to },
        ].filter((each) => each.from < each.to),
      ),
    merge(spans),
  );

const intersect = (spans: readonly Span[], others: readonly Span[]): Span[] =>
  merge(spans).flatMap(({ from, to }) =>
    merge(others)
      .map((other) => ({ from: Math.max(from, other.from), to: Math.min(to, other.to) }))
      .filter((each) => each.from < each.to),
  );
