import { BatchGetBuildsCommand, CodeBuildClient, StartBuildCommand } from '@aws-sdk/client-codebuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROLE, startBuilds, type TestBuilds, TRUST } from './project.ts';

let test: TestBuilds;
beforeAll(async () => {
  test = await startBuilds();
});
afterAll(() => test[Symbol.asyncDispose]());

const TRUE = { build: ['true'] };
const arn = (name: string) => `arn:aws:codebuild:us-west-2:111122223333:project/${name}`;

describe('a project', () => {
  it('is found by name and by ARN', async () => {
    await test.project('found', TRUE);
    const names = ['found', arn('found'), 'other'];
    await expect(test.ask('BatchGetProjects', { names })).resolves.toMatchObject({
      projects: [{ name: 'found', arn: arn('found'), timeoutInMinutes: 60 }, { name: 'found' }],
      projectsNotFound: ['other'],
    });
    await expect(test.project('found', TRUE)).rejects.toMatchObject({ name: 'ResourceAlreadyExistsException' });
    await expect(test.start('other')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: `Project cannot be found: ${arn('other')}`,
    });
  });

  const source = (text: string) => ({ source: { type: 'NO_SOURCE', buildspec: text } as const });
  it.each([
    [
      'with a source',
      { source: { type: 'GITHUB', location: 'https://example.com' } } as const,
      'inline buildspecs only',
    ],
    ['without a buildspec', { source: { type: 'NO_SOURCE' } } as const, 'inline buildspecs only'],
    ['with what is not run here', source('version: 0.2\nphases: { build: { finally: [a] } }'), 'phases/build/finally'],
    ['with a role nobody has', { serviceRole: `${ROLE}-none` }, `sts:AssumeRole on ${ROLE}-none`],
    ['with too short a time', { timeoutInMinutes: 4 }, 'between 5 and 2160'],
    ['in a network', { vpcConfig: {} }, 'vpcConfig'],
  ])('%s is refused', async (_, more, message) => {
    await expect(test.project('refused', TRUE, more)).rejects.toMatchObject({
      name: 'InvalidInputException',
      message: expect.stringContaining(message),
    });
  });

  it('lists its builds, newest first, a hundred at a time', async () => {
    await test.project('many', TRUE);
    const ids: string[] = [];
    for (let count = 0; count < 101; count++) {
      const { id } = await test.start('many');
      await test.ask('StopBuild', { id });
      ids.unshift(id);
    }
    const list = (more: object = {}) =>
      test.ask<{ ids: string[]; nextToken?: string }>('ListBuildsForProject', { projectName: 'many', ...more });
    const first = await list();
    expect(first.ids).toEqual(ids.slice(0, 100));
    await expect(list({ nextToken: first.nextToken })).resolves.toEqual({ ids: ids.slice(100), nextToken: undefined });
    await expect(list({ sortOrder: 'DESCENDING' })).rejects.toMatchObject({ name: 'InvalidInputException' });
  });

  it('starts no more builds than its limit says', async () => {
    await test.project('limited', TRUE, { concurrentBuildLimit: 1 });
    await test.start('limited');
    await expect(test.start('limited')).rejects.toMatchObject({ name: 'AccountLimitExceededException' });
    await test.pass(10);
    await expect(test.start('limited')).resolves.toMatchObject({ buildNumber: 2 });
  });

  it('gives the same build for the same token for five minutes', async () => {
    await test.project('token', TRUE, { concurrentBuildLimit: 1 });
    const request = { idempotencyToken: 'one', environmentVariablesOverride: [{ name: 'A', value: 'a' }] };
    const { id } = await test.start('token', request);
    await expect(test.start('token', request)).resolves.toMatchObject({ id });
    await expect(test.start('token', { idempotencyToken: 'one' })).rejects.toMatchObject({
      name: 'InvalidInputException',
    });
    await test.pass(299);
    await expect(test.start('token', request)).resolves.toMatchObject({ id, buildStatus: 'SUCCEEDED' });
    await test.pass(2);
    const later = await test.start('token', request);
    expect(later.id).not.toBe(id);
  });
});

describe('permissions', () => {
  it('are asked for on the project, of builds as well', async () => {
    for (const name of ['mine', 'theirs']) await test.project(name, TRUE);
    const role = 'arn:aws:iam::111122223333:role/recovery';
    const Action = ['codebuild:StartBuild', 'codebuild:BatchGetBuilds'];
    test.world.iam.putRole({
      arn: role,
      trust: [TRUST],
      statements: [{ Effect: 'Allow', Action, Resource: arn('mine') }],
    });
    const client = new CodeBuildClient({
      region: 'us-west-2',
      endpoint: test.region.endpoint,
      credentials: test.world.iam.issue(role, { actor: 'test' }),
    });
    const { build } = await client.send(new StartBuildCommand({ projectName: 'mine' }));
    const id = build?.id ?? '';
    const { builds, buildsNotFound } = await client.send(new BatchGetBuildsCommand({ ids: [id, 'mine:none'] }));
    expect(builds?.[0]).toMatchObject({ id, startTime: expect.any(Date), phases: expect.any(Array) });
    expect(buildsNotFound).toEqual(['mine:none']);
    const denied = { message: expect.stringContaining(`on resource: ${arn('theirs')}`) };
    await expect(client.send(new StartBuildCommand({ projectName: 'theirs' }))).rejects.toMatchObject(denied);
    await expect(client.send(new BatchGetBuildsCommand({ ids: [id, 'theirs:1'] }))).rejects.toMatchObject(denied);
  });
});
