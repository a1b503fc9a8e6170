import { describe, expect, it } from 'vitest';
import { createConditions } from '../../../local/deploy/conditions.ts';
import { NO_VALUE, resolve, type Scope } from '../../../local/deploy/intrinsics.ts';

const values: Record<string, unknown> = {
  'AWS::Region': 'us-east-1',
  'AWS::NoValue': NO_VALUE,
  Vault: 'vault',
  Zones: ['a', 'b'],
};
const lookups = {
  ref: (name: string) => {
    if (name in values) return values[name];
    throw new Error(`${name} is not there`);
  },
  attribute: (id: string, attribute: string) => `${attribute} of ${id}`,
  mapping: (map: string, key: string, second: string) => `${map}/${key}/${second}`,
};
const conditions = createConditions(
  {
    Here: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] },
    Elsewhere: { 'Fn::Not': [{ Condition: 'Here' }] },
    Both: { 'Fn::And': [{ Condition: 'Here' }, { Condition: 'Elsewhere' }] },
    Either: { 'Fn::Or': [{ Condition: 'Elsewhere' }, { Condition: 'Here' }] },
    Circle: { 'Fn::Not': [{ Condition: 'Circle' }] },
    Odd: { 'Fn::Matches': [] },
  },
  lookups,
);
const scope: Scope = { ...lookups, condition: conditions };
const sub = (text: string) => text.replaceAll('<', '${').replaceAll('>', '}');

describe('intrinsic functions', () => {
  it.each<[string, unknown, unknown]>([
    ['plain values stay', { a: [1, true, null, 'x'] }, { a: [1, true, null, 'x'] }],
    ['Ref', { a: { Ref: 'Vault' } }, { a: 'vault' }],
    ['GetAtt as a list', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'Arn of Role'],
    ['GetAtt as text, with a dot in the attribute', { 'Fn::GetAtt': 'Stack.Outputs.Name' }, 'Outputs.Name of Stack'],
    [
      'Sub',
      { 'Fn::Sub': sub('arn:aws:s3:::<Vault>-<AWS::Region>/<Role.Arn>') },
      'arn:aws:s3:::vault-us-east-1/Arn of Role',
    ],
    [
      'Sub with variables of its own',
      { 'Fn::Sub': [sub('<x> <Vault>'), { x: { Ref: 'AWS::Region' } }] },
      'us-east-1 vault',
    ],
    ['Sub leaves a literal', { 'Fn::Sub': sub('$<!Name>').replace('$$', '$') }, sub('<Name>')],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Vault' }]] }, 'a-vault'],
    ['Join of a list that is looked up', { 'Fn::Join': [',', { Ref: 'Zones' }] }, 'a,b'],
    ['Select and Split', { 'Fn::Select': ['1', { 'Fn::Split': ['|', 'a|b|c'] }] }, 'b'],
    ['FindInMap', { 'Fn::FindInMap': ['M', { Ref: 'AWS::Region' }, 'k'] }, 'M/us-east-1/k'],
    ['If takes one branch and never looks at the other', { 'Fn::If': ['Here', 'yes', { Ref: 'Missing' }] }, 'yes'],
    ['If on a condition made of others', [{ 'Fn::If': ['Both', 1, 2] }, { 'Fn::If': ['Either', 1, 2] }], [2, 1]],
    ['NoValue takes the property away', { a: { Ref: 'AWS::NoValue' }, b: [{ Ref: 'AWS::NoValue' }, 1] }, { b: [1] }],
  ])('%s', (_, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['one that is not known', { 'Fn::Base64': 'x' }, 'Fn::Base64'],
    ['an import', { 'Fn::ImportValue': 'x' }, 'Fn::ImportValue'],
    ['a name that is not there', { 'Fn::Sub': sub('<Vualt>') }, 'Vualt'],
    ['a position beyond the list', { 'Fn::Select': [2, ['a', 'b']] }, 'position 2 of a list of 2'],
    ['keys beside it', { Ref: 'Vault', Other: 1 }, 'Other'],
    ['a condition that depends on itself', { 'Fn::If': ['Circle', 1, 2] }, 'Circle'],
    ['a condition of an unknown operator', { 'Fn::If': ['Odd', 1, 2] }, 'Fn::Matches'],
    ['a condition that is not defined', { 'Fn::If': ['Nowhere', 1, 2] }, 'Nowhere'],
  ])('are refused by name: %s', (_, value, name) => {
    expect(() => resolve(value, scope)).toThrow(name);
  });
});
