import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../../local/services/eventbridge/patterns.ts';

const event = {
  source: 'aws.rds',
  'detail-type': 'RDS DB Snapshot Event',
  resources: ['arn:aws:rds:us-east-1:111122223333:snapshot:a'],
  detail: {
    EventID: 'RDS-EVENT-0042',
    Count: 5,
    Ready: true,
    Nothing: null,
    Tags: ['daily', 'shop'],
    Parts: [
      { name: 'a', state: 'bad' },
      { name: 'b', state: 'good' },
    ],
  },
};
const matches = (pattern: object): boolean => compilePattern(JSON.stringify(pattern))(event);
const detail = (pattern: object): boolean => matches({ detail: pattern });

describe('an event pattern', () => {
  it.each([
    ['the value itself', { EventID: ['RDS-EVENT-0042'] }, { EventID: ['RDS-EVENT-004'] }],
    ['one value of several', { EventID: ['x', 'RDS-EVENT-0042'] }, { EventID: ['x', 'y'] }],
    ['every field it names', { Count: [5], Ready: [true] }, { Count: [5], Ready: [false] }],
    ['null', { Nothing: [null] }, { Count: [null] }],
    ['an element of an array', { Tags: ['shop'] }, { Tags: ['weekly'] }],
    ['a prefix', { EventID: [{ prefix: 'RDS-' }] }, { EventID: [{ prefix: 'rds-' }] }],
    [
      'one object of an array that meets it all',
      { Parts: { name: ['a'], state: ['bad'] } },
      { Parts: { name: ['a'], state: ['good'] } },
    ],
  ])('matches %s, and not what differs', (_, met, unmet) => {
    expect(detail(met)).toBe(true);
    expect(detail(unmet)).toBe(false);
  });

  it('looks at the whole event', () => {
    expect(
      matches({
        source: ['aws.rds'],
        'detail-type': ['RDS DB Snapshot Event'],
        resources: [{ prefix: 'arn:aws:rds:' }],
      }),
    ).toBe(true);
  });

  it.each([
    ['text that is no JSON', '{', /JSON/],
    ['an empty pattern', '{}', /Empty objects/],
    ['an empty list', '{"source":[]}', /source: Empty arrays/],
    ['a bare value', '{"source":"aws.rds"}', /"source" must be an object or an array/],
    ['a matcher it does not offer', '{"detail":{"a":[{"wildcard":"x"}]}}', /detail\.a: the match type wildcard/],
    ['two matchers in one', '{"a":[{"prefix":"x","suffix":"y"}]}', /suffix/],
    ['a prefix that is no text', '{"a":[{"prefix":1}]}', /non-empty string/],
    ['alternatives', '{"$or":[{"a":[1]},{"a":[2]}]}', /\$or/],
    ['a nested list', '{"a":[["b"]]}', /Match value/],
  ])('refuses %s, by name', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
    expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ name: 'InvalidEventPatternException' }));
  });
});
