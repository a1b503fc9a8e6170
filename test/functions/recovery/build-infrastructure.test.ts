// The phase against the local region's CodeBuild, which runs every build for real.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Build } from '@aws-sdk/client-codebuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { handler } from '../../../functions/recovery/build-infrastructure.ts';
import type { Step } from '../../../functions/recovery/phases.ts';
import platform from '../../../lifeboat.config.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../local/world.ts';
import type { Recovery } from '../../../shared/config/recovery.ts';
import { PRIMARY, RECOVERY } from '../../support/environment.ts';
import { invoke } from '../../support/platform.ts';
import { type RecoveryRegion, recoveryRegion } from '../../support/recovery.ts';

vi.setConfig({ testTimeout: 60_000 });

const PROJECT = 'shop-infrastructure';
const ROLE = 'arn:aws:iam::111122223333:role/infrastructure';
let world: LocalWorld;
let region: LocalRegion;
let directory: string;
let recovery: RecoveryRegion;
/** Each test has a project and a failover of its own: builds of others, and their tokens, are not its business. */
let project: string;
let failoverId: string;
let tests = 0;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'lifeboat-builds-'));
  world = await createWorld({ directory, regions: [PRIMARY, RECOVERY] });
  region = world.region(RECOVERY);
  world.iam.putRole({
    arn: ROLE,
    trust: [{ Effect: 'Allow', Principal: { Service: 'codebuild.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    statements: [],
  });
});
afterAll(async () => {
  await world.close();
  await rm(directory, { recursive: true, force: true });
});

const ask = <T>(operation: string, input: object): Promise<T> =>
  region.call<T>('codebuild', operation, input, world.iam.operator);
const withProject = (name: string | undefined): void => {
  const { infrastructure: _, ...rest } = platform.recovery as Recovery;
  vi.spyOn(platform, 'recovery', 'get').mockReturnValue(name ? { ...rest, infrastructure: { project: name } } : rest);
};
/** A project whose build runs these commands. */
const create = async (...commands: string[]): Promise<void> => {
  const buildspec = JSON.stringify({ version: 0.2, phases: { build: { commands } } });
  await ask('CreateProject', {
    ...{ name: project, serviceRole: ROLE, timeoutInMinutes: 30, artifacts: { type: 'NO_ARTIFACTS' } },
    source: { type: 'NO_SOURCE', buildspec },
    environment: { type: 'LINUX_CONTAINER', image: 'aws/codebuild/standard:7.0', computeType: 'BUILD_GENERAL1_SMALL' },
  });
};
const builds = async (): Promise<Build[]> => {
  const { ids } = await ask<{ ids: string[] }>('ListBuildsForProject', { projectName: project });
  return ids.length > 0 ? (await ask<{ builds: Build[] }>('BatchGetBuilds', { ids })).builds : [];
};
const call = () => invoke(handler, { failoverId }) as Promise<Step & { found?: string }>;
const tenSeconds = () => world.clock.advanceTo(new Date(world.clock.now().getTime() + 10_000));
/** Calls as the machine does, and lets builds come to their end in between. */
const untilDone = async (): Promise<Record<string, unknown>> => {
  for (let calls = 0; calls < 20; calls++) {
    const answer = await call();
    if (answer.done) return answer.facts;
    await tenSeconds();
  }
  throw new Error('it was never done');
};
const variables = ({ environment }: Build) =>
  Object.fromEntries((environment?.environmentVariables ?? []).map(({ name, value }) => [name, value]));

/** Builds that end keep region time waiting for them; those that hang are not waited for. */
const PATIENCE_MS = 20_000;

beforeEach(async () => {
  region.codebuild.patienceMs = PATIENCE_MS;
  recovery = recoveryRegion();
  const { accessKeyId, secretAccessKey } = world.iam.operatorCredentials;
  vi.stubEnv('AWS_ENDPOINT_URL', region.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
  project = `${PROJECT}-${++tests}`;
  failoverId = `failover-${tests}`;
  withProject(project);
  await recovery.declared({ failoverId });
});
afterEach(() => {
  world.faults.clear();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('the infrastructure of the region that takes over', () => {
  it('is built by the project, which is told of which failover it is', async () => {
    await create('echo "$LIFEBOAT_FAILOVER_ID from $LIFEBOAT_FROM_REGION to $LIFEBOAT_TO_REGION"');
    const facts = await untilDone();
    const [build] = await builds();
    expect(facts).toMatchObject({ project, build: build?.id, attempt: 1, log: expect.stringContaining('http') });
    expect(region.codebuild.log(String(facts.build)).join('\n')).toContain(
      `${failoverId} from ${PRIMARY} to ${RECOVERY}`,
    );
    expect(variables(build as Build)).toMatchObject({ LIFEBOAT_BUILD: `${failoverId}-1` });
    expect(recovery.record('infrastructure', failoverId)).toMatchObject({ endedAt: expect.any(String), facts });
  });

  it('says in which phase the build is, and waits', async () => {
    await create('true');
    expect(await call()).toMatchObject({
      done: false,
      waitSeconds: 10,
      found: expect.stringMatching(/ is in [A-Z_]+$/),
    });
    await untilDone();
  });

  it('is built once, whichever call takes effect without an answer', async () => {
    await create('true');
    let failed = 0;
    let skip = 0;
    let facts: Record<string, unknown> | undefined;
    while (!facts) {
      const action = { kind: 'error', code: 'AccessDeniedException', status: 400, when: 'after' } as const;
      const heal = world.faults.add({ service: 'codebuild' }, action, { skip, times: 1 });
      try {
        const answer = await call();
        skip = 0;
        if (answer.done) facts = answer.facts;
      } catch {
        skip += 1;
        failed += 1;
      }
      heal();
      await tenSeconds();
    }
    expect(failed).toBe(2);
    expect(await builds()).toHaveLength(1);
  });

  it('is built once, though two calls come at the same time', async () => {
    await create('true');
    await Promise.all([call(), call()]);
    await untilDone();
    expect(await builds()).toHaveLength(1);
  });

  it('is found again long after a start that nobody heard of', async () => {
    await create('true');
    world.faults.add(
      { operation: 'StartBuild' },
      { kind: 'error', code: 'AccessDeniedException', status: 400, when: 'after' },
      { times: 1 },
    );
    await expect(call()).rejects.toMatchObject({ name: 'AccessDeniedException' });
    await world.clock.settled();
    // A token of CodeBuild is good for five minutes.
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 1_200_000));
    expect((await untilDone()).attempt).toBe(1);
    expect(await builds()).toHaveLength(1);
  });

  it('stops by a name with what the build says, and is built by another once the cause is gone', async () => {
    const broken = path.join(directory, `broken-${project}`);
    await writeFile(broken, '');
    await create(`test ! -e "${broken}"`);
    await expect(untilDone()).rejects.toThrow(
      new RegExp(`${project}.*FAILED.*BUILD COMMAND_EXECUTION_ERROR.*exit status 1.*aws logs tail .*redrive`, 's'),
    );
    expect(recovery.record('infrastructure', failoverId).facts).toMatchObject({ build: null, attempt: 2 });
    await rm(broken);
    expect(await untilDone()).toMatchObject({ attempt: 2 });
    expect((await builds()).map((build) => variables(build).LIFEBOAT_BUILD)).toEqual([
      `${failoverId}-2`,
      `${failoverId}-1`,
    ]);
  });

  it('stops once for each build that fails', async () => {
    await create('exit 3');
    for (const attempt of [1, 2]) {
      await expect(untilDone()).rejects.toMatchObject({ name: 'InfrastructureNotBuilt' });
      expect(await builds()).toHaveLength(attempt);
    }
  });

  it('stops where somebody stops the build', async () => {
    region.codebuild.patienceMs = 50;
    await create('sleep 600');
    expect(await call()).toMatchObject({ done: false });
    await tenSeconds();
    await ask('StopBuild', { id: (await builds())[0]?.id });
    await expect(call()).rejects.toThrow(/STOPPED/);
  });

  it('waits for a build that hangs until CodeBuild ends it, as the project says', async () => {
    region.codebuild.patienceMs = 50;
    await create('sleep 600');
    await call();
    await tenSeconds();
    for (let minutes = 0; minutes < 29; minutes++) {
      await world.clock.advanceTo(new Date(world.clock.now().getTime() + 60_000));
      if (minutes % 10 === 0)
        expect(await call()).toMatchObject({ done: false, found: expect.stringContaining('BUILD') });
    }
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 60_000));
    await expect(call()).rejects.toThrow(/TIMED_OUT/);
  });

  it('is begun anew where CodeBuild itself failed, without asking people', async () => {
    await create('true');
    region.codebuild.failNext('FAULT');
    expect(await untilDone()).toMatchObject({ attempt: 2 });
    expect((await builds()).map(({ buildStatus }) => buildStatus)).toEqual(['SUCCEEDED', 'FAULT']);
  });

  it('stops by a name where the build is gone, and begins another', async () => {
    await create('true');
    await call();
    await world.clock.settled();
    const { facts } = recovery.record('infrastructure', failoverId);
    await recovery.vault.place(
      `recovery/${failoverId}/phases/infrastructure.json`,
      JSON.stringify({
        ...recovery.record('infrastructure', failoverId),
        facts: { ...facts, build: `${project}:gone` },
      }),
    );
    await expect(call()).rejects.toThrow(/no longer knows .*:gone/);
    expect(await untilDone()).toMatchObject({ attempt: 2 });
  });

  it('stops by a name where there is no such project', async () => {
    await expect(call()).rejects.toThrow(
      new RegExp(`${project}.*CodeBuild knows none of this name.*recovery.infrastructure.project`, 's'),
    );
  });

  it('stops by a name where the project cannot be built as it is', async () => {
    await create('true');
    world.faults.add(
      { operation: 'StartBuild' },
      { kind: 'error', code: 'InvalidInputException', status: 400, when: 'before' },
      { times: 1 },
    );
    await expect(call()).rejects.toMatchObject({
      name: 'InfrastructureNotBuilt',
      message: expect.stringContaining('Correct the project'),
    });
  });

  it('is nothing where none is configured', async () => {
    withProject(undefined);
    expect(await call()).toMatchObject({ done: true, facts: { skipped: 'no infrastructure is configured' } });
  });

  it('is left to whoever holds the platform', async () => {
    await create('true');
    await recovery.declared({ failoverId: 'another' });
    await expect(call()).rejects.toMatchObject({ name: 'EpochLost' });
    expect(await builds()).toEqual([]);
  });

  it('is only looked for in a drill: what a build changes has the names of production', async () => {
    await recovery.declared({ failoverId, kind: 'drill' });
    await expect(call()).rejects.toMatchObject({ name: 'InfrastructureNotBuilt' });
    await create('true');
    expect(await call()).toMatchObject({ done: true, facts: { rehearsal: true, skipped: 'a drill builds nothing' } });
    expect(await builds()).toEqual([]);
  });
});
