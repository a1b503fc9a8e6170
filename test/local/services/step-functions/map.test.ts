import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, named } from './support.ts';

const each = (States: Record<string, object>, more: object = {}) =>
  machine({
    Each: {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: Object.keys(States)[0], States },
      End: true,
      ...more,
    },
  });
const echo = { One: { Type: 'Pass', End: true } };

describe('a Map', () => {
  it('runs its processor once per item and keeps their order', async () => {
    const { run } = createTestRegion();
    const slow = {
      Rest: { Type: 'Wait', Seconds: '{% $states.input %}', Next: 'Tell' },
      Tell: { Type: 'Pass', Output: "{% 'n' & $states.input %}", End: true },
    };
    expect((await run(each(slow, { Items: '{% $states.input.list %}' }), { list: [9, 1, 5] })).output).toEqual([
      'n9',
      'n1',
      'n5',
    ]);
  });

  it('takes its input for the items where there is no Items, and refuses one that is no array', async () => {
    const { run } = createTestRegion();
    expect((await run(each(echo), [1, 2])).output).toEqual([1, 2]);
    expect((await run(each(echo), { a: 1 })).error).toBe('States.QueryEvaluationError');
    expect((await run(each(echo, { Items: '{% $states.input %}' }), { a: 1 })).error).toBe(
      'States.QueryEvaluationError',
    );
  });

  it('builds the input of each item with ItemSelector', async () => {
    const { run } = createTestRegion();
    const ItemSelector = {
      value: '{% $states.context.Map.Item.Value %}',
      index: '{% $states.context.Map.Item.Index %}',
      all: '{% $count($states.input) %}',
    };
    expect((await run(each(echo, { ItemSelector }), ['a', 'b'])).output).toEqual([
      { value: 'a', index: 0, all: 2 },
      { value: 'b', index: 1, all: 2 },
    ]);
  });

  it('knows its item from $states.context inside the processor', async () => {
    const { run } = createTestRegion();
    const tell = { One: { Type: 'Pass', Output: '{% $states.context.Map.Item %}', End: true } };
    expect((await run(each(tell), ['a'])).output).toEqual([{ Index: 0, Value: 'a' }]);
  });

  it('has an empty result for no items', async () => {
    const { run } = createTestRegion();
    expect((await run(each(echo), [])).output).toEqual([]);
  });

  it('runs no more items at once than MaxConcurrency allows', async () => {
    let running = 0;
    let most = 0;
    const f = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((done) => setTimeout(done, 5));
      running -= 1;
      return null;
    };
    const { run } = createTestRegion({ 'lambda.Invoke': functions({ f }) });
    await run(each({ Call: invoke('f', { End: true }) }, { MaxConcurrency: '{% 1 + 1 %}' }), [1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('cancels the other items when one fails, and starts none of those that wait for their turn', async () => {
    const seen: Json[] = [];
    const f = (event: Json) => {
      seen.push(event);
      if (event === 2) throw named('Broken');
      return event;
    };
    const { run, types } = createTestRegion({ 'lambda.Invoke': functions({ f }) });
    const states = {
      Rest: { Type: 'Wait', Seconds: '{% $states.input = 1 ? 3600 : 10 %}', Next: 'Call' },
      Call: invoke('f', { End: true }),
    };
    const { error, stopDate, executionArn } = await run(each(states, { MaxConcurrency: 2 }), [1, 2, 3, 4]);
    expect({ error, stopDate }).toEqual({ error: 'Broken', stopDate: new Date('2026-11-20T00:00:10Z') });
    expect(seen).toEqual([2]);
    expect(await types(executionArn ?? '')).toEqual(
      expect.arrayContaining(['MapIterationStarted', 'MapIterationFailed', 'MapIterationAborted', 'MapStateFailed']),
    );
  });

  it('reads variables of the machine inside, and keeps its own apart for each item', async () => {
    const { run } = createTestRegion();
    const processor = {
      Set: { Type: 'Pass', Assign: { mine: '{% $outer & $states.input %}' }, Next: 'Rest' },
      Rest: { Type: 'Wait', Seconds: 5, Next: 'Tell' },
      Tell: { Type: 'Pass', Output: '{% $mine %}', End: true },
    };
    const definition = each(processor);
    const states = { First: { Type: 'Pass', Assign: { outer: 'o' }, Next: 'Each' }, ...definition.States };
    expect((await run({ StartAt: 'First', States: states } as typeof definition, ['a', 'b'])).output).toEqual([
      'oa',
      'ob',
    ]);
  });
});
