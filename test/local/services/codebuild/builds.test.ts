import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Build } from '@aws-sdk/client-codebuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildspec, ROLE, startBuilds, type TestBuilds, TRUST } from './project.ts';

let test: TestBuilds;
let files: string;
beforeAll(async () => {
  test = await startBuilds();
  files = await mkdtemp(path.join(tmpdir(), 'built-'));
});
afterAll(async () => {
  await test[Symbol.asyncDispose]();
  await rm(files, { recursive: true, force: true });
});

const phasesOf = ({ phases = [] }: Build): string =>
  phases.map(({ phaseType, phaseStatus }) => `${phaseType} ${phaseStatus ?? ''}`.trim()).join(', ');
const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
/** A project whose build writes the id of a process it leaves behind, and then hangs. */
const hanging = async (name: string): Promise<() => Promise<number>> => {
  const file = path.join(files, name);
  await test.project(name, { build: [`sleep 600 & echo $! > '${file}.new'; mv '${file}.new' '${file}'; sleep 600`] });
  return async () => {
    while (!existsSync(file)) await delay(10);
    return Number(await readFile(file, 'utf8'));
  };
};
/** Region time goes on until the build has its machine, and does not wait for its end. */
const underWay = async (projectName: string): Promise<{ id: string }> => {
  test.region.codebuild.patienceMs = 200;
  const started = await test.start(projectName);
  await test.pass(6);
  test.region.codebuild.patienceMs = 20_000;
  return started;
};
const gone = async (pid: number): Promise<void> => {
  while (alive(pid)) await delay(10);
};

describe('a build', () => {
  it('is in progress, gets its machine in region time, and runs every phase', async () => {
    await test.project('whole', {
      install: ['echo install'],
      pre_build: ['echo pre'],
      build: ['echo build'],
      post_build: ['echo post'],
    });
    const started = await test.start('whole');
    expect(started).toMatchObject({ buildStatus: 'IN_PROGRESS', currentPhase: 'PROVISIONING', buildNumber: 1 });
    expect(started.id).toMatch(/^whole:[\da-f-]{36}$/);
    await test.pass(10);
    const ended = await test.look(started);
    expect(ended).toMatchObject({
      buildStatus: 'SUCCEEDED',
      buildComplete: true,
      currentPhase: 'COMPLETED',
      initiator: 'operator',
      arn: `arn:aws:codebuild:us-west-2:111122223333:build/${started.id}`,
      logs: { groupName: '/aws/codebuild/whole', streamName: started.id.split(':')[1] },
    });
    expect(phasesOf(ended)).toBe(
      'SUBMITTED SUCCEEDED, QUEUED SUCCEEDED, PROVISIONING SUCCEEDED, DOWNLOAD_SOURCE SUCCEEDED, INSTALL SUCCEEDED, PRE_BUILD SUCCEEDED, BUILD SUCCEEDED, POST_BUILD SUCCEEDED, UPLOAD_ARTIFACTS SUCCEEDED, FINALIZING SUCCEEDED, COMPLETED',
    );
    expect(ended.phases?.[2]?.durationInSeconds).toBe(5);
    expect(test.printed(ended)).toEqual(['install', 'pre', 'build', 'post']);
  });

  it('carries directory and variables from one command to the next', async () => {
    await test.project('carries', {
      install: ['mkdir here && cd here', `NAME="it's"`],
      build: ['basename "$PWD"; echo "$NAME"; node -e "console.log(process.env.NAME)"'],
    });
    const ended = await test.build('carries');
    expect(test.printed(ended)).toEqual(['here', "it's", "it's"]);
  });

  it('has its variables from buildspec, project and request, the later ones first, and shows them', async () => {
    const names = ['A', 'B', 'C', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ENDPOINT_URL', 'CODEBUILD_BUILD_ID'];
    const commands = { build: [...names.map((name) => `echo "$${name}"`), 'echo "${VITEST-none}"'] };
    const variables = { env: { variables: { A: 'spec', B: 'spec', C: 'spec' } } };
    await test.project('variables', commands, {
      source: { type: 'NO_SOURCE', buildspec: buildspec(commands, variables) },
      environment: {
        ...{ type: 'LINUX_CONTAINER', image: 'image', computeType: 'BUILD_GENERAL1_SMALL' },
        environmentVariables: ['B', 'C'].map((name) => ({ name, value: 'project' })),
      },
    });
    const ended = await test.build('variables', { environmentVariablesOverride: [{ name: 'C', value: 'request' }] });
    expect(test.printed(ended)).toEqual([
      ...['spec', 'project', 'request', 'us-west-2', 'us-west-2', test.region.endpoint, ended.id, 'none'],
    ]);
    expect(ended.environment?.environmentVariables).toEqual([
      { name: 'B', value: 'project', type: 'PLAINTEXT' },
      { name: 'C', value: 'request', type: 'PLAINTEXT' },
    ]);
  });

  it.each([
    ['install', 'INSTALL FAILED, FINALIZING SUCCEEDED, COMPLETED', []],
    ['pre_build', 'PRE_BUILD FAILED, FINALIZING SUCCEEDED, COMPLETED', []],
    ['build', 'BUILD FAILED, POST_BUILD SUCCEEDED, UPLOAD_ARTIFACTS SUCCEEDED, FINALIZING SUCCEEDED, COMPLETED', ['0']],
    ['post_build', 'POST_BUILD FAILED, UPLOAD_ARTIFACTS SUCCEEDED, FINALIZING SUCCEEDED, COMPLETED', []],
  ] as const)('whose %s fails says which command did, and goes on where AWS does', async (phase, rest, printed) => {
    const name = `fails-${phase}`;
    await test.project(name, {
      post_build: ['echo "$CODEBUILD_BUILD_SUCCEEDING"'],
      [phase]: ['sh -c "exit 3"', 'echo not reached'],
    });
    const ended = await test.build(name);
    expect(ended.buildStatus).toBe('FAILED');
    expect(phasesOf(ended).endsWith(rest)).toBe(true);
    expect(test.printed(ended)).toEqual(printed);
    expect(ended.phases?.find(({ phaseStatus }) => phaseStatus === 'FAILED')?.contexts).toEqual([
      {
        statusCode: 'COMMAND_EXECUTION_ERROR',
        message: 'Error while executing command: sh -c "exit 3". Reason: exit status 3',
      },
    ]);
  });

  it('fails where its buildspec is none', async () => {
    await test.project('no-yaml', {}, { source: { type: 'NO_SOURCE', buildspec: 'version: 0.1\nphases: {}' } });
    const ended = await test.build('no-yaml');
    expect(phasesOf(ended)).toContain('DOWNLOAD_SOURCE FAILED, FINALIZING SUCCEEDED, COMPLETED');
    expect(ended.phases?.[3]?.contexts?.[0]).toMatchObject({ statusCode: 'YAML_FILE_ERROR' });
  });

  it('fails before its commands where the role no longer trusts CodeBuild', async () => {
    await test.project('untrusted', { build: ['echo never'] });
    test.world.iam.putRole({ arn: ROLE, trust: [], statements: [] });
    const ended = await test.build('untrusted').finally(() => {
      test.world.iam.putRole({ arn: ROLE, trust: [TRUST], statements: [] });
    });
    expect(ended).toMatchObject({ buildStatus: 'FAILED' });
    expect(ended.phases?.[2]).toMatchObject({
      phaseType: 'PROVISIONING',
      phaseStatus: 'FAILED',
      contexts: [{ message: `CodeBuild is not authorized to perform: sts:AssumeRole on ${ROLE}` }],
    });
    expect(test.printed(ended)).toEqual([]);
  });

  it('acts under the role of its project', async () => {
    const client = "new (require('@aws-sdk/client-s3').S3Client)({})";
    const call = `${client}.send(new (require('@aws-sdk/client-s3').ListBucketsCommand)({})).catch((e) => console.log(e.message))`;
    await test.project('role', { build: [`cd '${process.cwd()}' && node -e "${call}"`] });
    const ended = await test.build('role');
    const session = `arn:aws:sts::111122223333:assumed-role/builds/AWSCodeBuild-${ended.logs?.streamName}`;
    expect(test.printed(ended)[0]).toContain(`${session} is not authorized to perform: s3:ListAllMyBuckets`);
  });

  it('ends with FAULT where a test asks for it, once', async () => {
    await test.project('faulty', { build: ['echo ran'] });
    test.region.codebuild.failNext('FAULT');
    const ended = await test.build('faulty');
    expect(ended).toMatchObject({ buildStatus: 'FAULT', buildComplete: true });
    expect(test.printed(ended)).toEqual([]);
    await expect(test.build('faulty')).resolves.toMatchObject({ buildStatus: 'SUCCEEDED', buildNumber: 2 });
  });

  it('leaves no process behind, even one it put into the background', async () => {
    const file = path.join(files, 'background');
    await test.project('background', { build: [`sleep 600 & echo $! > '${file}'`] });
    await expect(test.build('background')).resolves.toMatchObject({ buildStatus: 'SUCCEEDED' });
    await gone(Number(await readFile(file, 'utf8')));
  });

  it('tells the event bus of its start and its end', async () => {
    const seen: object[] = [];
    const put = test.region.events.put;
    test.region.events.put = (event) => {
      seen.push(event);
      put(event);
    };
    await test.project('told', { build: ['true'] });
    const { arn } = await test.build('told').finally(() => {
      test.region.events.put = put;
    });
    const told = { source: 'aws.codebuild', 'detail-type': 'CodeBuild Build State Change', resources: [arn] };
    const facts = { 'project-name': 'told', 'build-id': arn };
    expect(seen).toMatchObject([
      { ...told, detail: { ...facts, 'build-status': 'IN_PROGRESS' } },
      { ...told, detail: { ...facts, 'build-status': 'SUCCEEDED', 'current-phase': 'COMPLETED' } },
    ]);
  });
});

describe('a build that hangs', () => {
  it('lets region time go on, and is timed out with all its processes', async () => {
    const pid = await hanging('hangs');
    const started = await underWay('hangs');
    const sleeper = await pid();
    await test.pass(50 * 60);
    expect(await test.look(started)).toMatchObject({ buildStatus: 'IN_PROGRESS', currentPhase: 'BUILD' });
    expect(alive(sleeper)).toBe(true);
    await test.pass(10 * 60);
    const ended = await test.look(started);
    expect(ended.buildStatus).toBe('TIMED_OUT');
    expect(phasesOf(ended)).toContain('BUILD TIMED_OUT, COMPLETED');
    await gone(sleeper);
  });

  it('is stopped with all its processes; stopping it again changes nothing', async () => {
    const pid = await hanging('stops');
    const started = await underWay('stops');
    const sleeper = await pid();
    await test.ask('StopBuild', { id: started.id });
    const ended = await test.look(started);
    expect(ended.buildStatus).toBe('STOPPED');
    expect(phasesOf(ended)).toContain('BUILD STOPPED, COMPLETED');
    await gone(sleeper);
    await test.ask('StopBuild', { id: started.id });
    await expect(test.look(started)).resolves.toEqual(ended);
  });

  it('is stopped before it had a machine', async () => {
    await test.project('early', { build: ['echo ran'] });
    const started = await test.start('early');
    await test.ask('StopBuild', { id: started.id });
    await test.pass(60);
    expect(await test.look(started)).toMatchObject({ buildStatus: 'STOPPED' });
    expect(test.printed(started)).toEqual([]);
  });

  it('ends with the power of its region, and is found faulty when that is back', async () => {
    const pid = await hanging('dark');
    const started = await underWay('dark');
    const sleeper = await pid();
    await test.world.cutPower('us-west-2');
    await gone(sleeper);
    await test.world.restorePower('us-west-2');
    await expect(test.look(started)).resolves.toMatchObject({ buildStatus: 'FAULT', buildComplete: true });
  });
});
