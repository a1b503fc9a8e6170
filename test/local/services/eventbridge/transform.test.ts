import { describe, expect, it } from 'vitest';
import { checkInput, type Event, targetInput } from '../../../../local/services/eventbridge/transform.ts';

const event: Event = {
  ...{
    version: '0',
    id: 'e1',
    'detail-type': 'Test',
    source: 'mine',
    account: '111122223333',
    time: '2026-11-20T00:00:00Z',
  },
  ...{
    region: 'us-east-1',
    resources: ['arn:one', 'arn:two'],
    detail: { name: 'say "hi"', size: 3, 'a-b': { c: [1, 2] } },
  },
};
const rule = { name: 'rule', arn: 'arn:aws:events:us-east-1:111122223333:rule/rule' };
const input = (way: object) =>
  targetInput({ Id: 't', Arn: 'arn', ...way }, event, rule, new Date('2026-11-20T00:00:05Z'));
const template = (InputTemplate: string, InputPathsMap: Record<string, string> = {}) =>
  input({ InputTransformer: { InputTemplate, InputPathsMap } });

describe('what a target is sent', () => {
  it('is the event where nothing else is said', () => {
    expect(JSON.parse(input({}))).toEqual(event);
  });

  it('is a constant or a part of the event', () => {
    expect(input({ Input: '{"a":1}' })).toBe('{"a":1}');
    expect(input({ InputPath: '$.detail' })).toBe(JSON.stringify(event.detail));
    expect(input({ InputPath: "$.detail['a-b'].c[1]" })).toBe('2');
    expect(input({ InputPath: '$.detail.missing' })).toBe('null');
  });

  it('is a template with JSON outside quotes and text inside', () => {
    const paths = { name: '$.detail.name', size: '$.detail.size', part: '$.detail.a-b', gone: '$.detail.gone' };
    expect(JSON.parse(template('{"name": <name>, "size": <size>, "part": <part>, "gone": <gone>}', paths))).toEqual({
      name: 'say "hi"',
      size: 3,
      part: { c: [1, 2] },
      gone: '',
    });
    expect(JSON.parse(template('"<name> is <size> and <gone>."', paths))).toBe('say "hi" is 3 and .');
  });

  it('knows the names of the rule, the time and the event', () => {
    expect(
      JSON.parse(template('["<aws.events.rule-name>", <aws.events.rule-arn>, <aws.events.event.ingestion-time>]')),
    ).toEqual(['rule', rule.arn, '2026-11-20T00:00:05.000Z']);
    expect(JSON.parse(template('<aws.events.event>'))).toEqual(event);
  });

  it.each([
    ['two ways at once', { Input: '{}', InputPath: '$' }, /Only one of/],
    ['a constant that is no JSON', { Input: 'text' }, /valid JSON/],
    ['a path it does not take', { InputPath: '$.detail.*' }, /JSON path/],
    ['a placeholder without a path', { InputTransformer: { InputTemplate: '"<x>"', InputPathsMap: {} } }, /<x>/],
  ])('is refused with %s', (_, way, message) => {
    expect(() => checkInput({ Id: 't', Arn: 'arn', ...way })).toThrow(message);
  });
});
