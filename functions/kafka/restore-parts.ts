// One partition of a restore, in stretches: written in the order of the archive, noted, read back. How far it is, the target itself says
// besides: what stands behind the base is of this restore, so a call that comes after one that was killed goes on behind it.
import { now } from '../../shared/clock.ts';
import type { Cluster, Partition, Topic } from '../../shared/kafka/cluster.ts';
import { RecordDigest } from '../../shared/kafka/encoding.ts';
import { KafkaNotReady } from '../../shared/kafka/errors.ts';
import { type Place, readPartition, type Step } from '../../shared/kafka/reading.ts';
import type { KafkaRecord } from '../../shared/kafka/records.ts';
import {
  digestOf,
  type OffsetRun,
  RestoredPart,
  type RestorePart,
  type RestorePlan,
  RestoreProgress,
  restoredKey,
  restoreProgressKey,
} from '../../shared/kafka/restore.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { changeDocument, findDocument, openDocument, type Vault } from '../../shared/vault/documents.ts';
import { compare, disturbed } from './read-backs.ts';
import { PartWriting } from './restore-writing.ts';

export interface PartWork {
  plan: RestorePlan;
  /** Of the part in the plan. */
  number: number;
  part: RestorePart;
  cluster: Cluster;
  /** Undefined where the cluster does not know it yet. */
  topic: Topic | undefined;
  vault: Vault;
  /** In the order of their offsets. */
  places: readonly Place[];
  isTimeUp(): boolean;
  stretchBytes: number;
}

export class PartRestore {
  readonly #work: PartWork;
  readonly #key: string;
  /** Whether this call noted a stretch, or that one was read back. */
  advanced = false;

  constructor(work: PartWork) {
    this.#work = work;
    this.#key = restoreProgressKey(work.plan.restoreId, work.number);
  }

  /** @returns how many records it has; undefined where time was up before it was whole and read back */
  async run(): Promise<number | undefined> {
    const { part, cluster, places, isTimeUp, plan, number } = this.#work;
    const [topic, partition] = this.#target();
    const written = await this.#writtenBehind(topic, partition);
    if (places.length === 0 && written === 0) return this.#end({ stretches: [], offsets: [] });
    let progress = (await findDocument(this.#key, RestoreProgress)) ?? (await this.#begin(written));
    for (;;) {
      const unread = progress.stretches.findIndex(({ readBack }) => !readBack);
      const stretch = progress.stretches[unread];
      if (stretch) {
        const at = part.base + recordsOf(progress.stretches.slice(0, unread));
        if (!(await compare({ cluster, topic, partition, part, isTimeUp }, stretch, at))) return undefined;
        progress = await this.#note((standing) => readBackOf(standing, unread));
        this.advanced = true;
      } else if (progress.whole) {
        logger.info('partition restored', {
          restore: plan.restoreId,
          topic: part.as,
          partition: part.partition,
          number,
        });
        return this.#end(progress);
      } else if (isTimeUp()) return undefined;
      else progress = await this.#write(topic, partition, progress);
    }
  }

  /** A topic that was made a moment ago is known to every broker a moment later. @throws {KafkaNotReady} */
  #target(): [Topic, Partition] {
    const { topic, part, plan } = this.#work;
    const found = topic?.partitions.find((each) => each.partition === part.partition);
    if (topic && found && found.leader >= 0) return [topic, found];
    throw new KafkaNotReady('the cluster does not know the target yet.', {
      ...{ source: plan.into, expected: `${part.as}-${part.partition} with a leader` },
      found: topic ? 'none' : 'no such topic',
      next: 'It is asked again.',
    });
  }

  async #writtenBehind(topic: Topic, partition: Partition): Promise<number> {
    const { cluster, part } = this.#work;
    const ranges = await cluster.ranges({ ...topic, partitions: [partition] });
    return (ranges.get(part.partition)?.to ?? part.base) - part.base;
  }

  /** Of two calls at once the first decides which producer both are. */
  async #begin(written: number): Promise<RestoreProgress> {
    if (written > 0) throw disturbed(this.#work.part, 'nothing behind the base before the first record', written);
    const { producerId, epoch } = await this.#work.cluster.producer();
    const own: RestoreProgress = {
      ...{ begunAt: now().toISOString(), producer: { id: `${producerId}`, epoch } },
      ...{ next: 0, whole: false, stretches: [], offsets: [] },
    };
    return (await openDocument(this.#key, RestoreProgress, own)).value;
  }

  /** The next stretch, to its bound, or as far as time allows. What the target has of it already is read, and not written again. */
  async #write(topic: Topic, partition: Partition, progress: RestoreProgress): Promise<RestoreProgress> {
    const { part, plan, cluster, vault, places, stretchBytes, isTimeUp } = this.#work;
    const written = await this.#writtenBehind(topic, partition);
    const noted = recordsOf(progress.stretches);
    if (written < noted) throw notShown(part, noted, written);
    const { id, epoch } = progress.producer;
    const writing = new PartWriting(cluster, topic, partition, { producerId: BigInt(id), epoch, number: written });
    const stretch = new StretchTaking(progress, part.base + noted);
    const isEnough = (): boolean => stretch.bytes >= stretchBytes || isTimeUp();
    const take = async ({ next, codec, records }: Step): Promise<boolean> => {
      for (const record of records) {
        const isNew = noted + stretch.records >= written;
        if (isNew && writing.isFull(record, codec)) {
          await writing.flush();
          if (isEnough()) return false;
        }
        stretch.take(record);
        if (isNew) writing.add(record, codec);
      }
      stretch.next = next;
      return !isEnough();
    };
    const from = Math.max(part.offsets?.from ?? 0, progress.next);
    const selection = { ...part, offsets: { ...part.offsets, from }, undecided: plan.undecided };
    let whole = true;
    for await (const step of readPartition(vault, places, selection)) {
      whole = await take(step);
      if (!whole) break;
    }
    await writing.end();
    const records = noted + stretch.records;
    if (whole && written > records) throw disturbed(part, `${records} records behind the base`, written);
    const made = stretch.end(whole);
    if (made.next === progress.next && !whole) return progress;
    this.advanced = true;
    // Of two calls at once the one that notes first is right, and the other goes on from there.
    return this.#note((standing) => (standing.next === progress.next && !standing.whole ? made : standing));
  }

  #note(change: (standing: RestoreProgress) => RestoreProgress): Promise<RestoreProgress> {
    return changeDocument(this.#key, RestoreProgress, change);
  }

  async #end({ stretches, offsets }: Pick<RestoreProgress, 'stretches' | 'offsets'>): Promise<number> {
    const { plan, number } = this.#work;
    const restored: RestoredPart = {
      ...{ records: recordsOf(stretches), sha256: digestOf(stretches), offsets },
      stretches: stretches.map(({ readBack: _, ...stretch }) => stretch),
      verifiedAt: now().toISOString(),
    };
    await openDocument(restoredKey(plan.restoreId, number), RestoredPart, restored);
    return restored.records;
  }
}

/** What is taken from the archive behind what is noted. */
class StretchTaking {
  readonly #before: RestoreProgress;
  readonly #digest = new RecordDigest();
  readonly #offsets: OffsetRun[];
  #at: number;
  #from: number | undefined;
  next: number;
  bytes = 0;
  records = 0;

  /** @param at offset in the target of its first record */
  constructor(before: RestoreProgress, at: number) {
    this.#before = before;
    this.#offsets = structuredClone(before.offsets);
    this.#at = at;
    this.next = before.next;
  }

  take(record: KafkaRecord): void {
    this.bytes += this.#digest.add(record);
    this.#from ??= record.offset;
    const last = this.#offsets.at(-1);
    if (last && last.to === record.offset && last.at + (last.to - last.from) === this.#at) last.to += 1;
    else this.#offsets.push({ from: record.offset, to: record.offset + 1, at: this.#at });
    this.#at += 1;
    this.records += 1;
    this.next = record.offset + 1;
  }

  end(whole: boolean): RestoreProgress {
    const { records, next } = this;
    const own = { from: this.#from ?? next, to: next, records, sha256: this.#digest.hex(), readBack: false };
    const stretches = records > 0 ? [...this.#before.stretches, own] : this.#before.stretches;
    return { ...this.#before, next, whole, stretches, offsets: this.#offsets };
  }
}

const recordsOf = (stretches: readonly { records: number }[]): number =>
  stretches.reduce((sum, { records }) => sum + records, 0);

const readBackOf = (standing: RestoreProgress, at: number): RestoreProgress =>
  standing.stretches[at]?.readBack === false
    ? { ...standing, stretches: standing.stretches.with(at, { ...standing.stretches[at], readBack: true }) }
    : standing;

const notShown = ({ as, partition }: RestorePart, expected: number, found: number): KafkaNotReady =>
  new KafkaNotReady('the leader does not show yet what was written.', {
    ...{ source: `${as}-${partition}`, expected: `${expected} records behind the base`, found },
    next: 'It is asked again. Where it stays so, records or the topic were deleted: delete the topic, and restore again under another restore id.',
  });
