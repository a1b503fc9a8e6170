// A local region with a role that CodeBuild may take on, and calls on CodeBuild as the operator.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Build, CreateProjectInput } from '@aws-sdk/client-codebuild';
import { dump } from 'js-yaml';
import type { PolicyStatement } from '../../../../local/types.ts';
import { createWorld, type LocalRegion, type LocalWorld } from '../../../../local/world.ts';

export const ROLE = 'arn:aws:iam::111122223333:role/builds';
export const TRUST: PolicyStatement = {
  Effect: 'Allow',
  Principal: { Service: 'codebuild.amazonaws.com' },
  Action: 'sts:AssumeRole',
};

export type Phases = Partial<Record<'install' | 'pre_build' | 'build' | 'post_build', string[]>>;
export type StartedBuild = Build & { id: string };

export interface TestBuilds extends AsyncDisposable {
  world: LocalWorld;
  region: LocalRegion;
  ask<T = Record<string, unknown>>(operation: string, input: object): Promise<T>;
  project(name: string, phases: Phases, more?: Partial<CreateProjectInput>): Promise<void>;
  start(projectName: string, more?: object): Promise<StartedBuild>;
  look(build: { id: string }): Promise<StartedBuild>;
  /** Starts a build and lets region time go on until it has ended. */
  build(projectName: string, more?: object): Promise<StartedBuild>;
  /** What its commands printed. */
  printed(build: { id: string }): string[];
  pass(seconds: number): Promise<void>;
}

export const buildspec = (phases: Phases, more: object = {}): string =>
  dump({
    version: 0.2,
    ...more,
    phases: Object.fromEntries(Object.entries(phases).map(([name, commands]) => [name, { commands }])),
  });

export const startBuilds = async (): Promise<TestBuilds> => {
  const directory = await mkdtemp(path.join(tmpdir(), 'builds-'));
  const world = await createWorld({ directory, regions: ['us-west-2'] });
  const region = world.region('us-west-2');
  world.iam.putRole({ arn: ROLE, trust: [TRUST], statements: [] });
  const ask = <T>(operation: string, input: object): Promise<T> =>
    region.call<T>('codebuild', operation, input, world.iam.operator);
  const pass = (seconds: number): Promise<void> =>
    world.clock.advanceTo(new Date(world.clock.now().getTime() + seconds * 1000));
  const start: TestBuilds['start'] = async (projectName, more = {}) => {
    const { build } = await ask<{ build: StartedBuild }>('StartBuild', { projectName, ...more });
    return build;
  };
  const look: TestBuilds['look'] = async ({ id }) => {
    const { builds } = await ask<{ builds: [StartedBuild] }>('BatchGetBuilds', { ids: [id] });
    return builds[0];
  };
  return {
    ...{ world, region, ask, start, look, pass },
    project: async (name, phases, more = {}) => {
      await ask('CreateProject', {
        name,
        source: { type: 'NO_SOURCE', buildspec: buildspec(phases) },
        artifacts: { type: 'NO_ARTIFACTS' },
        environment: { type: 'LINUX_CONTAINER', image: 'image', computeType: 'BUILD_GENERAL1_SMALL' },
        serviceRole: ROLE,
        ...more,
      });
    },
    build: async (projectName, more) => {
      const started = await start(projectName, more);
      await pass(10);
      return look(started);
    },
    printed: ({ id }) => region.codebuild.log(id).filter((line) => !line.startsWith('[Container]')),
    [Symbol.asyncDispose]: async () => {
      await world.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
