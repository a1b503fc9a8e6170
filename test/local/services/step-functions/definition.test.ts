import { readdirSync, readFileSync } from 'node:fs';
import { DEFAULT_SCHEMA, load, Type } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { createTestRegion, invoke, machine } from './support.ts';

const DONE = { Done: { Type: 'Succeed' } };
const refusal = async (definition: object, name?: string): Promise<string> => {
  const { create } = createTestRegion();
  const error = await create(definition, name).then(
    () => new Error('it was accepted'),
    (refused: Error) => refused,
  );
  if (error.message !== 'it was accepted') expect(error.name).toBe('InvalidDefinition');
  return error.message;
};
const one = (state: object, more: object = {}) => machine({ One: state, ...DONE }, more);

describe('a definition is refused', () => {
  it('where it is not JSONata, as a whole or in one state', async () => {
    expect(await refusal({ ...one({ Type: 'Pass', End: true }), QueryLanguage: 'JSONPath' })).toContain(
      'QueryLanguage must be JSONata; found JSONPath',
    );
    expect(await refusal({ ...one({ Type: 'Pass', End: true }), QueryLanguage: undefined })).toContain(
      'found none, which means JSONPath',
    );
    expect(await refusal(one({ Type: 'Pass', QueryLanguage: 'JSONPath', Next: 'Done' }))).toContain(
      'One: QueryLanguage must be JSONata',
    );
  });

  it('where a field belongs to JSONPath, even deep inside', async () => {
    const task = invoke('f', { Next: 'Done' });
    expect(await refusal(one({ ...task, ResultPath: '$.x' }))).toContain("One: field 'ResultPath' belongs to JSONPath");
    expect(await refusal(one({ ...task, Arguments: { FunctionName: 'f', Payload: { 'x.$': '$.y' } } }))).toContain(
      "One/Arguments/Payload/x.$: names that end in '.$' are JSONPath",
    );
    const Retry = [{ ErrorEquals: ['A'], IntervalSecond: 1 }];
    expect(await refusal(one({ ...task, Retry }))).toContain(
      "One/Retry[0]: field 'IntervalSecond' is not interpreted here",
    );
  });

  it('where a state type or a field is not known', async () => {
    expect(await refusal(one({ Type: 'Jump', Next: 'Done' }))).toContain("One: states of type 'Jump' are not known");
    expect(await refusal(one({ Type: 'Pass', Outputs: 1, Next: 'Done' }))).toContain(
      "field 'Outputs' is not interpreted here",
    );
    expect(await refusal(one({ Type: 'Pass', Next: 'Done' }, { ProcessorConfig: {} }))).toContain(
      "machine: field 'ProcessorConfig'",
    );
    const ItemProcessor = { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } };
    expect(await refusal(one({ Type: 'Map', ItemProcessor, ResultWriter: {}, Next: 'Done' }))).toContain(
      "field 'ResultWriter'",
    );
    const ProcessorConfig = { Mode: 'DISTRIBUTED' };
    const distributed = { Type: 'Map', ItemProcessor: { ProcessorConfig, ...ItemProcessor }, Next: 'Done' };
    expect(await refusal(one(distributed))).toContain('ProcessorConfig.Mode must be INLINE; found DISTRIBUTED');
  });

  it('where a Resource cannot be run here, or its Arguments are not those of the action', async () => {
    const task = (Resource: string, Arguments: object) => one({ Type: 'Task', Resource, Arguments, Next: 'Done' });
    expect(await refusal(task('arn:aws:states:::sqs:sendMessage', {}))).toContain(
      "the Resource 'arn:aws:states:::sqs:sendMessage' cannot be run here",
    );
    expect(await refusal(task('arn:aws:states:::aws-sdk:dynamodb:getItem', {}))).toContain('cannot be run here');
    expect(await refusal(task('arn:aws:states:::aws-sdk:rds:describeDbInstances', {}))).toContain(
      "rds has no action 'describeDbInstances'",
    );
    expect(
      await refusal(task('arn:aws:states:::aws-sdk:rds:describeDBInstances', { DBInstanceIdentifier: 'x' })),
    ).toContain(
      "the field 'DBInstanceIdentifier' is not supported by Step Functions; it spells it 'DbInstanceIdentifier'",
    );
    expect(await refusal(task('arn:aws:states:::aws-sdk:rds:deleteDBInstance', {}))).toContain(
      "the field 'DbInstanceIdentifier' is missing",
    );
    expect(await refusal(task('arn:aws:states:::lambda:invoke', { Function: 'x' }))).toContain(
      "the field 'Function' is not supported here",
    );
    expect(await refusal(task('arn:aws:states:::lambda:invoke.waitForTaskToken', { FunctionName: 'x' }))).toContain(
      'Arguments must pass on $states.context.Task.Token',
    );
  });

  it('where an expression is no JSONata, or asks for what Step Functions does not offer', async () => {
    const output = (expression: string) =>
      refusal(one({ Type: 'Pass', Output: { x: `{% ${expression} %}` }, Next: 'Done' }));
    expect(await output('$states.input.(')).toContain('is not JSONata');
    expect(await output('status')).toContain("'status' is not qualified; write $states.input.status, or $status");
    expect(await output('$count(items)')).toContain("'items' is not qualified");
    expect(await output('$.a')).toContain("'$' has no meaning here");
    expect(await output("$eval('1')")).toContain('$eval is not available');
    expect(await output('$states.input.items[size > 1].{ "n": name }')).toBe('it was accepted');
  });

  it('where States.ALL does not stand alone and last', async () => {
    const caught = (errors: string[][]) =>
      refusal(one(invoke('f', { Catch: errors.map((ErrorEquals) => ({ ErrorEquals, Next: 'Done' })), Next: 'Done' })));
    expect(await caught([['States.ALL'], ['A']])).toContain('States.ALL must stand alone and last');
    expect(await caught([['A', 'States.ALL']])).toContain('States.ALL must stand alone and last');
    expect(await caught([['A'], ['States.ALL']])).toBe('it was accepted');
  });

  it('where a variable has a name that is none, or is reserved', async () => {
    const assign = (name: string) => refusal(one({ Type: 'Pass', Assign: { [name]: 1 }, Next: 'Done' }));
    expect(await assign('states')).toContain('$states is reserved');
    expect(await assign('a-b')).toContain("'a-b' is no variable name");
  });

  it('where a state leads nowhere, or the text is no JSON', async () => {
    expect(await refusal(one({ Type: 'Pass', Next: 'Nowhere' }))).toContain('leads to Nowhere: no such state here');
    expect(await refusal(one({ Type: 'Pass' }))).toContain('leads to nothing');
    const { ask } = createTestRegion();
    await expect(ask('CreateStateMachine', { name: 'm', definition: '{', roleArn: 'r' })).rejects.toThrow(
      'the text is not JSON',
    );
  });

  it('with everything that is wrong at once', async () => {
    const message = await refusal(machine({ A: { Type: 'Pass', Result: 1, Next: 'B' }, B: { Type: 'Jump' } }));
    expect(message).toContain("A: field 'Result' belongs to JSONPath");
    expect(message).toContain("B: states of type 'Jump' are not known");
  });
});

const intrinsics = DEFAULT_SCHEMA.extend(
  ['GetAtt', 'Ref', 'Sub'].map(
    (name) =>
      new Type(`!${name}`, {
        kind: 'scalar',
        construct: (value) => `arn:aws:lambda:us-east-1:111122223333:function:${value}`,
      }),
  ),
);

describe('the machines of the service', () => {
  const folder = new URL('../../../../statemachines/', import.meta.url);
  const files = readdirSync(folder).filter((file) => file.endsWith('.asl.yml'));

  it.each(files)('%s is accepted', async (file) => {
    const definition = load(readFileSync(new URL(file, folder), 'utf8'), { schema: intrinsics }) as object;
    expect(await refusal(definition)).toBe('it was accepted');
  });
});
