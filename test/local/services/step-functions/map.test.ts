import { describe, expect, it } from 'vitest';
import type { Json } from '../../../../local/services/step-functions/language/definition.ts';
import { createTestRegion, functions, invoke, machine, named } from './support.ts';

const each = (States: Record<string, object>, more: object = {}, config: object = { Mode: 'INLINE' }) =>
  machine({
    Each: {
      Type: 'Map',
      ItemProcessor: { ProcessorConfig: config, StartAt: Object.keys(States)[0], States },
      End: true,
      ...more,
    },
  });
const DISTRIBUTED = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
const echo = { One: { Type: 'Pass', End: true } };

describe('an inline Map', () => {
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

describe('a distributed Map', () => {
  const failOn = (bad: Json[]) =>
    functions({
      f: (event) => {
        if (bad.includes(event)) throw named('Broken');
        return event;
      },
    });
  const calling = { Call: invoke('f', { Output: '{% $states.result.Payload %}', End: true }) };
  const distributed = (more: object = {}) => each(calling, more, DISTRIBUTED);

  it('gives every item an execution of its own', async () => {
    const { run, types } = createTestRegion();
    const tell = { One: { Type: 'Pass', Output: '{% $states.context.Execution %}', End: true } };
    const { output, executionArn } = await run(each(tell, {}, DISTRIBUTED), ['a', 'b']);
    const children = output as { Id: string; Input: string }[];
    expect(children.map(({ Input }) => Input)).toEqual(['a', 'b']);
    expect(new Set(children.map(({ Id }) => Id)).size).toBe(2);
    expect(await types(executionArn ?? '')).toEqual(expect.arrayContaining(['MapRunStarted', 'MapRunSucceeded']));
  });

  it('does not see the variables of the machine', async () => {
    const { run } = createTestRegion();
    const tell = { One: { Type: 'Pass', Output: '{% $exists($outer) %}', End: true } };
    const definition = each(tell, {}, DISTRIBUTED);
    const states = { First: { Type: 'Pass', Assign: { outer: 1 }, Next: 'Each' }, ...definition.States };
    expect((await run({ StartAt: 'First', States: states } as typeof definition, ['a'])).output).toEqual([false]);
  });

  it('fails with States.ExceedToleratedFailureThreshold at the first failed item where none is tolerated', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': failOn([2]) });
    expect((await run(distributed(), [1, 2, 3])).error).toBe('States.ExceedToleratedFailureThreshold');
  });

  it('tolerates as many failures as ToleratedFailureCount says, and not one more', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': failOn([2, 3]) });
    expect((await run(distributed({ ToleratedFailureCount: 2 }), [1, 2, 3])).output).toEqual([1]);
    expect((await run(distributed({ ToleratedFailureCount: 1 }), [1, 2, 3])).error).toBe(
      'States.ExceedToleratedFailureThreshold',
    );
  });

  it('tolerates the share of failures that ToleratedFailurePercentage says', async () => {
    const { run } = createTestRegion({ 'lambda.Invoke': failOn([2]) });
    expect((await run(distributed({ ToleratedFailurePercentage: 25 }), [1, 2, 3, 4])).output).toEqual([1, 3, 4]);
    expect((await run(distributed({ ToleratedFailurePercentage: 24 }), [1, 2, 3, 4])).status).toBe('FAILED');
  });

  it('hands over batches of MaxItemsPerBatch items with BatchInput', async () => {
    const { run } = createTestRegion();
    const ItemBatcher = { MaxItemsPerBatch: 2, BatchInput: { of: '{% $count($states.input) %}' } };
    expect((await run(each(echo, { ItemBatcher }, DISTRIBUTED), [1, 2, 3])).output).toEqual([
      { BatchInput: { of: 3 }, Items: [1, 2] },
      { BatchInput: { of: 3 }, Items: [3] },
    ]);
  });

  it('closes a batch before it has more than MaxInputBytesPerBatch', async () => {
    const { run } = createTestRegion();
    const { output } = await run(each(echo, { ItemBatcher: { MaxInputBytesPerBatch: 20 } }, DISTRIBUTED), [
      'aaaaa',
      'bbbbb',
      'ccccc',
    ]);
    expect(output).toEqual([{ Items: ['aaaaa', 'bbbbb'] }, { Items: ['ccccc'] }]);
  });

  const reading = (action: string, Arguments: object, ReaderConfig?: object) =>
    each(
      echo,
      {
        ItemReader: { Resource: `arn:aws:states:::s3:${action}`, Arguments, ...(ReaderConfig && { ReaderConfig }) },
      },
      DISTRIBUTED,
    );

  it('reads its items from the keys of a bucket, page by page', async () => {
    const object = (Key: string) => ({ Key, ETag: `"${Key}"`, Size: 1, LastModified: new Date(1_000_500) });
    const { run } = createTestRegion({
      's3.ListObjectsV2': ({ ContinuationToken, Prefix }) =>
        ContinuationToken === undefined
          ? { Contents: [object(`${Prefix}1`)], NextContinuationToken: 'more' }
          : { Contents: [object(`${Prefix}2`)] },
    });
    const { output } = await run(reading('listObjectsV2', { Bucket: 'vault', Prefix: '{% $states.input.at %}' }), {
      at: 'x/',
    });
    expect(output).toEqual([
      { Key: 'x/1', Etag: '"x/1"', Size: 1, LastModified: 1000, StorageClass: 'STANDARD' },
      expect.objectContaining({ Key: 'x/2' }),
    ]);
  });

  it('reads its items from an object of JSON or of JSON lines, and no more than MaxItems', async () => {
    const bodies: Record<string, string> = { array: '[1,2,3]', lines: '{"a":1}\n{"a":2}\n' };
    const { run } = createTestRegion({
      's3.GetObject': ({ Key }) => ({ Body: Buffer.from(bodies[Key as string] ?? '') }),
    });
    const from = (Key: string, config: object) => run(reading('getObject', { Bucket: 'vault', Key }, config));
    expect((await from('array', { InputType: 'JSON', MaxItems: 2 })).output).toEqual([1, 2]);
    expect((await from('lines', { InputType: 'JSONL' })).output).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it('fails with States.ItemReaderFailed where its items cannot be read', async () => {
    const { run } = createTestRegion({ 's3.GetObject': () => ({ Body: Buffer.from('{"not":"an array"}') }) });
    const { error, cause } = await run(reading('getObject', { Bucket: 'vault', Key: 'k' }, { InputType: 'JSON' }));
    expect(error).toBe('States.ItemReaderFailed');
    expect(cause).toContain('does not hold a JSON array');
  });
});
