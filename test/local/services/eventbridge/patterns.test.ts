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
    Empty: [],
    Address: '10.1.2.3',
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
      'a prefix whatever its case',
      { EventID: [{ prefix: { 'equals-ignore-case': 'rds-' } }] },
      { EventID: [{ prefix: { 'equals-ignore-case': 'x' } }] },
    ],
    ['a suffix', { EventID: [{ suffix: '42' }] }, { EventID: [{ suffix: '43' }] }],
    [
      'text whatever its case',
      { EventID: [{ 'equals-ignore-case': 'rds-event-0042' }] },
      { EventID: [{ 'equals-ignore-case': 'rds' }] },
    ],
    ['a wildcard', { EventID: [{ wildcard: 'RDS-*-00*2' }] }, { EventID: [{ wildcard: '*.0042' }] }],
    [
      'anything but a value',
      { EventID: [{ 'anything-but': 'x' }] },
      { EventID: [{ 'anything-but': ['x', 'RDS-EVENT-0042'] }] },
    ],
    [
      'anything but a prefix',
      { EventID: [{ 'anything-but': { prefix: 'EC2' } }] },
      { EventID: [{ 'anything-but': { prefix: ['X', 'RDS'] } }] },
    ],
    ['a number in a range', { Count: [{ numeric: ['>', 0, '<=', 5] }] }, { Count: [{ numeric: ['>', 5] }] }],
    ['an address in a block', { Address: [{ cidr: '10.1.0.0/16' }] }, { Address: [{ cidr: '10.2.0.0/16' }] }],
    ['a field that is there', { Count: [{ exists: true }] }, { Missing: [{ exists: true }] }],
    ['a field that is not there', { Missing: [{ exists: false }] }, { Count: [{ exists: false }] }],
    ['an empty array as not there', { Empty: [{ exists: false }] }, { Empty: [{ exists: true }] }],
    [
      'one object of an array that meets it all',
      { Parts: { name: ['a'], state: ['bad'] } },
      { Parts: { name: ['a'], state: ['good'] } },
    ],
    ['one alternative', { $or: [{ Count: [1] }, { Ready: [true] }] }, { $or: [{ Count: [1] }, { Ready: [false] }] }],
  ])('matches %s, and not what differs', (_, met, unmet) => {
    expect(detail(met)).toBe(true);
    expect(detail(unmet)).toBe(false);
  });

  it('does not take a missing field for anything-but', () => {
    expect(detail({ Missing: [{ 'anything-but': 'x' }] })).toBe(false);
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
    ['a matcher it does not know', '{"detail":{"a":[{"regex":"x"}]}}', /detail\.a: Unrecognized match type regex/],
    [
      'a matcher that anything-but does not take',
      '{"a":[{"anything-but":{"numeric":[">",1]}}]}',
      /Unrecognized match type numeric/,
    ],
    ['two matchers in one', '{"a":[{"prefix":"x","suffix":"y"}]}', /Only one key/],
    ['a comparison it does not know', '{"a":[{"numeric":["~",1]}]}', /operator: ~/],
    ['a number as text', '{"a":[{"numeric":[">","1"]}]}', /must be a number/],
    ['exists without a boolean', '{"a":[{"exists":"true"}]}', /true or false/],
    ['one alternative alone', '{"$or":[{"a":[1]}]}', /at least two/],
    ['a nested list', '{"a":[["b"]]}', /Match value/],
    ['two wildcards in a row', '{"a":[{"wildcard":"a**b"}]}', /consecutive/],
  ])('refuses %s, by name', (_, pattern, message) => {
    expect(() => compilePattern(pattern)).toThrow(message);
    expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ name: 'InvalidEventPatternException' }));
  });
});
