// One partition of an extent: ranges by offsets, always; what they hold, as far as time and the limit allow.
import { settings } from '../../shared/config/settings.ts';
import type { Gap } from '../../shared/kafka/archive.ts';
import type { Cluster, Range, Topic } from '../../shared/kafka/cluster.ts';
import type { Place } from '../../shared/kafka/reading.ts';
import type { KafkaRecord } from '../../shared/kafka/records.ts';
import type { Work } from '../../shared/lambda/lambda.ts';
import type { Vault } from '../../shared/vault/documents.ts';
import {
  archivedRecords,
  type Comparison,
  type Contents,
  comparePart,
  contentsOf,
  findInMirror,
  type Standing,
  standingRecords,
} from './extent-contents.ts';
import { compareRanges, type Missing, type Span } from './extent-ranges.ts';

/** Times are those of the first and the last record by offset; all of it null where it was not read. */
export interface Counted extends Span {
  records: number | null;
  firstAt: string | null;
  lastAt: string | null;
}

export interface PartitionExtent {
  topic: string;
  topicId: string;
  partition: number;
  /** `made again`: another topic has the name; `gone`: none has. */
  state: 'here' | 'made again' | 'gone' | 'never archived';
  standing: Span | null;
  archiveOnly: Counted[];
  topicOnly: Counted[];
  neither: Missing[];
  /** Where the topic was deleted or made again: what came behind this offset before that is lost, and nobody knows how much. */
  lostBehind: number | null;
  /** Of what both have: compared by content, in records; and offsets that were not. */
  both: Comparison & { offsets: number; notCompared: number };
  /** Its offsets are its own. `behindArchive` is what it has behind the last archived record; null where that was not found in it. */
  mirror: { standing: Span; behindArchive: Counted | null } | null;
}

/** A topic and what the brokers have of its partitions. */
export interface Ranged {
  topic: Topic;
  ranges: Map<number, Range>;
}

interface Asked extends Pick<PartitionExtent, 'topic' | 'topicId' | 'partition' | 'state'> {
  places: Place[];
  gaps: Gap[];
  standing: Ranged | undefined;
  mirrored: Ranged | undefined;
}

const RESERVED_MS = 120_000;

export class ExtentMeasuring {
  readonly #cluster: Cluster;
  readonly #mirrors: Cluster | undefined;
  readonly #compareBytes: number;
  readonly #work: Pick<Work, 'remainingMs'>;
  readonly #vault: Vault;
  #cut = false;

  constructor(of: {
    cluster: Cluster;
    mirrors: Cluster | undefined;
    compareBytes: number;
    work: Pick<Work, 'remainingMs'>;
  }) {
    this.#cluster = of.cluster;
    this.#mirrors = of.mirrors;
    this.#compareBytes = of.compareBytes;
    this.#work = of.work;
    const { vaultBucket: bucket, region } = settings();
    this.#vault = { bucket, region };
  }

  /** Whether time was enough for everything that was asked. */
  isComplete(): boolean {
    return !this.#cut;
  }

  async measure(asked: Asked): Promise<PartitionExtent> {
    const { topic, topicId, partition, state, places, gaps } = asked;
    const range = asked.standing?.ranges.get(partition);
    const standing = standingOf(this.#cluster, asked.standing, partition);
    const { archiveOnly, topicOnly, both, neither } = compareRanges(
      places.map(({ part: { from, to } }) => ({ from, to })),
      gaps,
      range,
    );
    const kept: Counted[] = [];
    for (const span of archiveOnly)
      kept.push(await this.#counted(span, () => archivedRecords(this.#vault, places, span)));
    const alone: Counted[] = [];
    for (const span of topicOnly)
      if (standing) alone.push(await this.#counted(span, () => standingRecords(standing, span)));
    return {
      ...{ topic, topicId, partition, state, neither, archiveOnly: kept, topicOnly: alone },
      standing: spanOf(range),
      lostBehind: state === 'gone' || state === 'made again' ? endOf(places, gaps) : null,
      both: await this.#compared(both, places, standing),
      mirror: await this.#mirror(asked),
    };
  }

  /** False once time is short; what was not read then is told as such. */
  #hasTime(): boolean {
    const has = this.#work.remainingMs() > RESERVED_MS;
    this.#cut ||= !has;
    return has;
  }

  async #counted(span: Span, records: () => AsyncIterable<KafkaRecord>): Promise<Counted> {
    if (!this.#hasTime()) return { ...span, records: null, firstAt: null, lastAt: null };
    const contents = await contentsOf(this.#limited(records()));
    // Half a count would read like a whole one.
    return this.#cut ? { ...span, records: null, firstAt: null, lastAt: null } : counted(span, contents);
  }

  async *#limited(records: AsyncIterable<KafkaRecord>): AsyncGenerator<KafkaRecord> {
    for await (const record of records) {
      yield record;
      if (!this.#hasTime()) return;
    }
  }

  async #compared(
    spans: readonly Span[],
    places: readonly Place[],
    standing: Standing | undefined,
  ): Promise<PartitionExtent['both']> {
    const sum = {
      same: 0,
      missing: 0,
      foreign: 0,
      changed: 0,
      differsAt: null as number | null,
      offsets: 0,
      notCompared: 0,
    };
    let left = this.#compareBytes;
    for (const place of places.toSorted((a, b) => b.part.from - a.part.from))
      for (const span of spans) {
        const common = { from: Math.max(span.from, place.part.from), to: Math.min(span.to, place.part.to) };
        if (!standing || common.from >= common.to) continue;
        sum.offsets += common.to - common.from;
        left -= place.part.bytes;
        if (left < 0 || !this.#hasTime()) {
          sum.notCompared += common.to - common.from;
          continue;
        }
        const found = await comparePart(this.#vault, place, standing, common);
        for (const kind of ['same', 'missing', 'foreign', 'changed'] as const) sum[kind] += found[kind];
        sum.differsAt = found.differsAt ?? sum.differsAt;
      }
    return sum;
  }

  async #mirror({ mirrored, partition, places }: Asked): Promise<PartitionExtent['mirror']> {
    const range = mirrored?.ranges.get(partition);
    const standing = this.#mirrors && standingOf(this.#mirrors, mirrored, partition);
    if (!range || !standing) return null;
    const last = this.#hasTime() ? await this.#lastArchived(places) : undefined;
    const at = last && (await findInMirror(standing, range.to, last));
    if (at === undefined) return { standing: { ...range }, behindArchive: null };
    const span = { from: at + 1, to: range.to };
    return { standing: { ...range }, behindArchive: await this.#counted(span, () => standingRecords(standing, span)) };
  }

  async #lastArchived(places: readonly Place[]): Promise<KafkaRecord | undefined> {
    const newest = places.filter(({ part }) => part.records > 0).toSorted((a, b) => b.part.to - a.part.to)[0];
    let last: KafkaRecord | undefined;
    if (newest) for await (const record of archivedRecords(this.#vault, [newest], newest.part)) last = record;
    return last;
  }
}

const standingOf = (cluster: Cluster, ranged: Ranged | undefined, number: number): Standing | undefined => {
  const partition = ranged?.topic.partitions.find((each) => each.partition === number);
  return ranged && partition ? { cluster, topic: ranged.topic, partition } : undefined;
};

const spanOf = (range: Range | undefined): Span | null => (range ? { from: range.from, to: range.to } : null);

const endOf = (places: readonly Place[], gaps: readonly Gap[]): number =>
  Math.max(0, ...places.map(({ part }) => part.to), ...gaps.map(({ to }) => to));

const counted = (span: Span, { records, first, last }: Contents): Counted => ({
  ...{ from: span.from, to: span.to, records },
  ...{ firstAt: timeOf(first), lastAt: timeOf(last) },
});

/** Producers may say times that no calendar has. */
const timeOf = (milliseconds: number | null): string | null => {
  if (milliseconds === null) return null;
  const time = new Date(milliseconds);
  return Number.isNaN(time.getTime()) ? `${milliseconds} ms` : time.toISOString();
};
