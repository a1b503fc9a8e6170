import { describe, expect, it } from 'vitest';
import { resolve, type Scope } from '../../../local/deploy/intrinsics.ts';

const values: Record<string, unknown> = {
  'AWS::Region': 'us-east-1',
  Vault: 'vault',
  Zones: ['a', 'b'],
};
const scope: Scope = {
  ref: (name: string) => {
    if (name in values) return values[name];
    throw new Error(`${name} is not there`);
  },
  attribute: (id: string, attribute: string) => `${attribute} of ${id}`,
};
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
  ])('%s', (_, value, expected) => {
    expect(resolve(value, scope)).toEqual(expected);
  });

  it.each<[string, unknown, string]>([
    ['one that is not known', { 'Fn::ImportValue': 'x' }, 'Fn::ImportValue'],
    ['a name that is not there', { 'Fn::Sub': sub('<Vualt>') }, 'Vualt'],
    ['keys beside it', { Ref: 'Vault', Other: 1 }, 'Other'],
  ])('are refused by name: %s', (_, value, name) => {
    expect(() => resolve(value, scope)).toThrow(name);
  });
});
