/** Keys in the order of their UTF-8 bytes, as S3 lists them: JavaScript's own order differs beyond U+D7FF. */
export class KeyIndex {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const place = this.#firstNotBefore(key);
    if (this.#keys[place] !== key) this.#keys.splice(place, 0, key);
  }

  remove(key: string): void {
    const place = this.#firstNotBefore(key);
    if (this.#keys[place] === key) this.#keys.splice(place, 1);
  }

  /** The first key at or after `from` (after it, if `exclusive`). */
  next(from: string, exclusive: boolean): string | undefined {
    const place = this.#firstNotBefore(from);
    return this.#keys[exclusive && this.#keys[place] === from ? place + 1 : place];
  }

  /** The first key that is larger than every key that starts with `prefix`. */
  nextBeyond(prefix: string): string | undefined {
    return this.#keys[this.#search((key) => compareKeys(key, prefix) < 0 || key.startsWith(prefix))];
  }

  #firstNotBefore(wanted: string): number {
    return this.#search((key) => compareKeys(key, wanted) < 0);
  }

  #search(isBefore: (key: string) => boolean): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#keys[middle] ?? '')) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export const compareKeys = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
