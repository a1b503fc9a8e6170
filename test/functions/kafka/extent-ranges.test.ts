import { describe, expect, it } from 'vitest';
import { compareRanges, type Span } from '../../../functions/kafka/extent-ranges.ts';

const spans = (...pairs: [from: number, to: number][]): Span[] => pairs.map(([from, to]) => ({ from, to }));
const nothing = { archiveOnly: [], topicOnly: [], both: [], neither: [] };

describe('ranges of an archive and a topic', () => {
  it('are in both where nothing was lost', () => {
    expect(compareRanges(spans([0, 5], [5, 9]), [], { from: 0, to: 9 })).toEqual({ ...nothing, both: spans([0, 9]) });
  });

  it('are in one of them where the other dropped them, or has not archived them yet', () => {
    expect(compareRanges(spans([0, 9]), [], { from: 4, to: 12 })).toEqual({
      ...nothing,
      ...{ archiveOnly: spans([0, 4]), topicOnly: spans([9, 12]), both: spans([4, 9]) },
    });
    expect(compareRanges(spans([0, 9]), [], { from: 0, to: 6 }).archiveOnly).toEqual(spans([6, 9]));
  });

  it('are in the archive alone where the topic is gone, and in the topic alone where it was never archived', () => {
    expect(compareRanges(spans([0, 9]), [], undefined)).toEqual({ ...nothing, archiveOnly: spans([0, 9]) });
    expect(compareRanges([], [], { from: 3, to: 9 })).toEqual({
      ...nothing,
      ...{ topicOnly: spans([3, 9]), neither: [{ from: 0, to: 3, why: 'before the first archive' }] },
    });
    expect(compareRanges([], [], { from: 0, to: 0 })).toEqual(nothing);
  });

  it('are in neither by the reason that was recorded, and without one where none was', () => {
    const { neither } = compareRanges(spans([2, 5], [7, 9], [12, 15]), [{ from: 5, to: 7, why: 'trimmed' }], {
      from: 13,
      to: 15,
    });
    expect(neither).toEqual([
      { from: 0, to: 2, why: 'before the first archive' },
      { from: 5, to: 7, why: 'trimmed' },
      { from: 9, to: 12, why: 'no record' },
    ]);
  });

  it('are not archived where the brokers dropped the middle of a part before it was read', () => {
    const { archiveOnly, neither } = compareRanges(spans([0, 9]), [{ from: 3, to: 6, why: 'trimmed' }], undefined);
    expect(archiveOnly).toEqual(spans([0, 3], [6, 9]));
    expect(neither).toEqual([{ from: 3, to: 6, why: 'trimmed' }]);
  });
});
