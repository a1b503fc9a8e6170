import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestWorld, type TestWorld } from '../../endpoint/regions.ts';

let test: TestWorld;
beforeAll(async () => {
  test = await createTestWorld();
});
afterAll(() => test[Symbol.asyncDispose]());

const ssm = (operation: string, input: object) => test.east.call('ssm', operation, input, test.world.iam.operator);
const put = (Name: string, Value: string, rest: object = { Type: 'String' }) =>
  ssm('PutParameter', { Name, Value, ...rest });

describe('a parameter', () => {
  it('is read by its name and by its ARN', async () => {
    await put('/lifeboat/key', 'value');
    const ARN = 'arn:aws:ssm:us-east-1:111122223333:parameter/lifeboat/key';
    for (const Name of ['/lifeboat/key', ARN])
      expect(await ssm('GetParameter', { Name })).toMatchObject({
        Parameter: { Name: '/lifeboat/key', Value: 'value', Version: 1, Type: 'String', ARN },
      });
  });

  it('is not overwritten unless asked for, and keeps every version', async () => {
    await put('/lifeboat/kept', 'one');
    await expect(put('/lifeboat/kept', 'two')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
    await put('/lifeboat/kept', 'two', { Overwrite: true });
    expect(await ssm('GetParameter', { Name: '/lifeboat/kept' })).toMatchObject({
      Parameter: { Value: 'two', Version: 2 },
    });
    expect(await ssm('GetParameter', { Name: '/lifeboat/kept:1' })).toMatchObject({
      Parameter: { Value: 'one', Version: 1, Selector: ':1' },
    });
    await expect(ssm('GetParameter', { Name: '/lifeboat/kept:3' })).rejects.toMatchObject({
      name: 'ParameterVersionNotFound',
    });
  });

  it('that never was is not found', async () => {
    await expect(ssm('GetParameter', { Name: '/lifeboat/gone' })).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });

  it('needs a type and a value, and is no secret', async () => {
    await expect(put('/lifeboat/typeless', 'value', {})).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(put('/lifeboat/empty', '')).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(put('/lifeboat/secret', 'x', { Type: 'SecureString' })).rejects.toMatchObject({
      code: 'NotImplemented',
    });
  });

  it('of one name is open to a role that may read that name, in any version', async () => {
    await put('/lifeboat/open', 'value');
    const arn = 'arn:aws:iam::111122223333:role/parameter-reader';
    const Resource = 'arn:aws:ssm:us-east-1:111122223333:parameter/lifeboat/open';
    test.world.iam.putRole({ arn, trust: [], statements: [{ Effect: 'Allow', Action: 'ssm:GetParameter', Resource }] });
    const caller = {
      arn: 'arn:aws:sts::111122223333:assumed-role/parameter-reader/s',
      account: '111122223333',
      roleArn: arn,
    };
    const read = (Name: string) => test.east.call('ssm', 'GetParameter', { Name }, caller);
    await expect(read('/lifeboat/open:1')).resolves.toBeDefined();
    await expect(read('/lifeboat/key')).rejects.toMatchObject({ code: 'AccessDenied' });
  });
});
