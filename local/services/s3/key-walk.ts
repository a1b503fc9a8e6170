import { compareKeys, type KeyIndex } from './key-index.ts';

/** Where a listing goes on. */
export type Place = { at: string } | { after: string } | { beyond: string };

/**
 * Keys from a place on, in order, those with the prefix; keys that share what comes up to the delimiter as one prefix,
 * whose other keys are skipped, not read. `visible` says which keys count at all.
 */
export const walk = function* (
  keys: KeyIndex,
  { Prefix: prefix = '', Delimiter: delimiter = '' }: { Prefix?: string | undefined; Delimiter?: string | undefined },
  from: Place,
  visible: (key: string) => boolean,
): Generator<{ key: string } | { prefix: string }> {
  let key = first(keys, prefix, from);
  while (key?.startsWith(prefix)) {
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    if (!visible(key)) key = keys.next(key, true);
    else if (cut === -1) {
      yield { key };
      key = keys.next(key, true);
    } else {
      const common = key.slice(0, cut + delimiter.length);
      yield { prefix: common };
      key = keys.nextBeyond(common);
    }
  }
};

const first = (keys: KeyIndex, prefix: string, from: Place): string | undefined => {
  const started =
    'beyond' in from
      ? keys.nextBeyond(from.beyond)
      : 'at' in from
        ? keys.next(from.at, false)
        : keys.next(from.after, true);
  const start = keys.next(prefix, false);
  if (started === undefined || start === undefined) return undefined;
  return compareKeys(started, start) > 0 ? started : start;
};
