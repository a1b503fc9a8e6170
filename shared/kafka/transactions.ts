// How the transactions of an archived partition ended: by the first marker of a batch's producer behind it. It is looked for no further
// ahead than it takes to find it, and what was found on the way is kept for the batches to come.
import type { Batch } from './batches.ts';
import type { Place } from './reading.ts';
import { commits } from './records.ts';

/** Batches have to be asked about in the order of their offsets. */
export class TransactionEnds {
  readonly #places: readonly Place[];
  readonly #read: (place: Place) => Promise<Batch[]>;
  readonly #markers = new Map<number, Markers>();
  #ahead = 0;

  /** @param places in the order of their offsets */
  constructor(places: readonly Place[], read: (place: Place) => Promise<Batch[]>) {
    this.#places = places.filter(({ part }) => part.transactions);
    this.#read = read;
  }

  /** Undefined until it is looked further ahead; a transaction whose end is not archived is none that was committed. */
  isCommitted({ producerId, lastOffset }: Batch): boolean | undefined {
    const committed = this.#markers.get(producerId)?.firstBehind(lastOffset);
    if (committed !== undefined) return committed;
    // A marker that is only in what is passed is nobody's any more.
    while ((this.#places[this.#ahead]?.part.to ?? Number.POSITIVE_INFINITY) <= lastOffset) this.#ahead += 1;
    return this.#ahead < this.#places.length ? undefined : false;
  }

  /** One part further. */
  async lookAhead(): Promise<void> {
    const place = this.#places[this.#ahead];
    if (!place) return;
    for (const batch of await this.#read(place)) if (batch.control) this.#note(batch, commits(batch, place.part.topic));
    this.#ahead += 1;
  }

  #note({ producerId, baseOffset }: Batch, committed: boolean): void {
    const markers = this.#markers.get(producerId) ?? new Markers();
    this.#markers.set(producerId, markers);
    markers.add(baseOffset, committed);
  }
}

/** Of one producer, as numbers: between a batch and the end of its transaction there may be millions of others. */
class Markers {
  #all: number[] = [];
  #first = 0;

  add(offset: number, committed: boolean): void {
    this.#all.push(2 * offset + (committed ? 1 : 0));
  }

  firstBehind(offset: number): boolean | undefined {
    while (this.#first < this.#all.length && (this.#all[this.#first] ?? 0) < 2 * (offset + 1)) this.#first += 1;
    if (this.#first > 1000 && this.#first * 2 > this.#all.length) {
      this.#all = this.#all.slice(this.#first);
      this.#first = 0;
    }
    const found = this.#all[this.#first];
    return found === undefined ? undefined : found % 2 === 1;
  }
}
