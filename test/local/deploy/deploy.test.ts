import { describe, expect, it } from 'vitest';
import { deploy } from '../../../local/deploy/deploy.ts';
import { fakeRegion, packaged } from './fake-region.ts';

const topic = (TopicName: unknown, more: object = {}) => ({
  Type: 'AWS::SNS::Topic',
  Properties: { TopicName },
  ...more,
});
const sub = (text: string) => ({ 'Fn::Sub': text.replaceAll('<', '${').replaceAll('>', '}') });
const CreateTopic = ({ Name }: Record<string, string>) => ({ TopicArn: `arn:aws:sns:us-east-1:111122223333:${Name}` });

const deployed = async (template: object, options: { fails?: string } = {}) => {
  const answers = {
    CreateTopic: (input: Record<string, string>) => {
      if (input.Name === options.fails) throw new Error('no room for it');
      return CreateTopic(input);
    },
    GetParameter: ({ Name }: Record<string, string>) => ({ Parameter: { Value: `$& value of ${Name}` } }),
  };
  const { region, calls } = fakeRegion(answers);
  const packageDirectory = await packaged(template);
  const result = () => deploy(region, { packageDirectory, stackName: 'shop' });
  return { result, calls };
};
const made = (calls: { operation: string; input: Record<string, unknown> }[]) =>
  calls.filter(({ operation }) => operation === 'CreateTopic').map(({ input }) => input.Name);

describe('deploy', () => {
  it('makes what is referred to first: through Ref, GetAtt, Sub and DependsOn', async () => {
    const { result, calls } = await deployed({
      Resources: {
        A: topic(sub('a-<B.TopicName>')),
        B: topic({ 'Fn::Join': ['-', ['b', { 'Fn::GetAtt': ['C', 'TopicName'] }]] }),
        C: topic('c', { DependsOn: 'D' }),
        D: topic('d'),
      },
      Outputs: { Top: { Value: { Ref: 'A' } } },
    });
    const { outputs, resources } = await result();
    expect(made(calls)).toEqual(['d', 'c', 'b-c', 'a-b-c']);
    const arn = 'arn:aws:sns:us-east-1:111122223333:a-b-c';
    expect(outputs).toEqual({ Top: arn });
    expect(resources.get('A')).toEqual({ physicalId: arn, arn, type: 'AWS::SNS::Topic' });
  });

  it('sees references in the variables of Sub', async () => {
    const { result, calls } = await deployed({
      Resources: {
        A: topic({ 'Fn::Sub': [sub('a-<x>')['Fn::Sub'], { x: { 'Fn::GetAtt': ['B', 'TopicName'] } }] }),
        B: topic('b'),
      },
    });
    await result();
    expect(made(calls)).toEqual(['b', 'a-b']);
  });

  it('names the circle when resources depend on each other', async () => {
    const { result, calls } = await deployed({
      Resources: { A: topic({ Ref: 'B' }), B: topic({ Ref: 'C' }), C: topic('c', { DependsOn: ['B'] }) },
    });
    await expect(result()).rejects.toThrow('B -> C -> B');
    expect(calls).toEqual([]);
  });

  it('refuses a reference to what is not in the template before it makes anything', async () => {
    const { result, calls } = await deployed({ Resources: { A: topic('a'), B: topic(sub('b-<Aa>')) } });
    await expect(result()).rejects.toThrow('B refers to Aa, which is not in the template');
    expect(calls).toEqual([]);
  });

  it('puts SSM parameters in place of dynamic references, and refuses other services', async () => {
    const { result, calls } = await deployed({ Resources: { A: topic('x-{{resolve:ssm:/shop/key:3}}-y') } });
    await result();
    expect(made(calls)).toEqual(['x-$& value of /shop/key:3-y']);
    const secret = await deployed({ Resources: { A: topic('{{resolve:secretsmanager:db}}') } });
    await expect(secret.result()).rejects.toThrow('{{resolve:secretsmanager:db}}');
  });

  it('refuses an unknown resource type before it makes anything', async () => {
    const { result, calls } = await deployed({ Resources: { A: topic('a'), Odd: { Type: 'AWS::SNS::Tropic' } } });
    await expect(result()).rejects.toThrow('Odd: the resource type AWS::SNS::Tropic is not offered');
    expect(calls).toEqual([]);
  });

  it('refuses a property it does not know, naming type and property', async () => {
    const { result } = await deployed({ Resources: { A: { Type: 'AWS::SNS::Topic', Properties: { TopicNam: 'a' } } } });
    await expect(result()).rejects.toThrow(/A \(AWS::SNS::Topic\).*TopicNam/s);
  });

  it.each(['Transform', 'Rules', 'Hooks', 'Parameters', 'Conditions', 'Mappings'])(
    'refuses the template section %s',
    async (section) => {
      const { result } = await deployed({ Resources: { A: topic('a') }, [section]: {} });
      await expect(result()).rejects.toThrow(section);
    },
  );

  it('takes back what it made when a resource fails, newest first, and says what it had to leave', async () => {
    const { result, calls } = await deployed(
      {
        Resources: {
          A: topic('a'),
          Kept: topic('kept', { DeletionPolicy: 'Retain' }),
          B: topic('b'),
          C: topic('c', { DependsOn: ['A', 'Kept', 'B'] }),
        },
      },
      { fails: 'c' },
    );
    await expect(result()).rejects.toThrow(
      /C \(AWS::SNS::Topic\) could not be made: no room for it\. Made before it and removed again: 2\. Left in place: Kept \(its DeletionPolicy is Retain\)\./,
    );
    expect(calls.filter(({ operation }) => operation === 'DeleteTopic').map(({ input }) => input.TopicArn)).toEqual([
      'arn:aws:sns:us-east-1:111122223333:b',
      'arn:aws:sns:us-east-1:111122223333:a',
    ]);
  });

  it('refuses to deploy a stack twice', async () => {
    const { result } = await deployed({ Resources: { A: topic('a') } });
    await result();
    await expect(result()).rejects.toThrow('the stack shop exists');
  });

  it('says what to do when nothing is packaged', async () => {
    const { region } = fakeRegion();
    await expect(deploy(region, { packageDirectory: '/nowhere', stackName: 'shop' })).rejects.toThrow(
      'npm run package',
    );
  });
});
