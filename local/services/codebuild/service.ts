// CodeBuild of the local region: projects with inline buildspecs, whose builds are real processes.
import * as sdk from '@aws-sdk/client-codebuild';
import { defineService } from '../../service.ts';
import type { Check, Region, Service } from '../../types.ts';
import { createJobs } from '../jobs.ts';
import { pageOf } from '../pages.ts';
import { type Build, newBuild } from './builds.ts';
import { arnOf, checkVariables, createProject, idOf, invalid, PRINCIPAL, type Project } from './projects.ts';
import { logOf, type Run, startRun } from './run.ts';

export interface CodeBuildService extends Service {
  /** The last 200 lines a build printed, oldest first. */
  log(buildId: string): string[];
  /** The next build ends so, before it runs a command. */
  failNext(status: 'FAULT'): void;
  /** Real time after which region time goes on although a build does not end. */
  patienceMs: number;
  close(): Promise<void>;
}

const LOG_LINES = 200;
/** A token of a request is known for five minutes (CodeBuild API reference, StartBuild, 2026-11). */
const TOKEN_MS = 300_000;
/** Ids of one page; a project with more builds is listed newest first only (ListBuildsForProject, 2026-11). */
const PAGE = 100;
const STARTABLE = new Set(['projectName', 'idempotencyToken', 'environmentVariablesOverride']);

export const createCodeBuild = (region: Region): CodeBuildService => {
  const jobs = createJobs(region.clock);
  const projects = new Map<string, Project>();
  const runs = new Map<string, Run>();
  const tokens = new Map<string, { at: number; request: string; build: Build }>();
  let fault = false;

  const missing = (message: string): Error => new sdk.ResourceNotFoundException({ message, $metadata: {} });
  const projectOf = (nameOrArn = ''): Project => {
    const name = idOf(nameOrArn);
    const project = projects.get(name);
    if (!project) throw missing(`Project cannot be found: ${arnOf(region, 'project', name)}`);
    return project;
  };
  const runOf = (idOrArn = ''): Run => {
    const run = runs.get(idOf(idOrArn));
    if (!run) throw missing(`Build cannot be found: ${arnOf(region, 'build', idOf(idOrArn))}`);
    return run;
  };
  const buildsOf = ({ name }: Project): Build[] =>
    [...runs.values()].map(({ build }) => build).filter(({ projectName }) => projectName === name);
  const underWay = (): Run[] => [...runs.values()].filter(({ build }) => !build.buildComplete);

  /** What a token gave within the last minutes. */
  const known = (token: string | undefined, request: string): Build | undefined => {
    const found = tokens.get(token ?? '');
    if (!found || region.clock.now().getTime() - found.at > TOKEN_MS) return undefined;
    if (found.request !== request)
      throw invalid(`The parameters differ from those of the first request with token ${token}.`);
    return found.build;
  };

  const operations = defineService(sdk, {
    async CreateProject(input) {
      const { name = '' } = input;
      if (projects.has(name)) {
        const message = `Project already exists: ${arnOf(region, 'project', name)}`;
        throw new sdk.ResourceAlreadyExistsException({ message, $metadata: {} });
      }
      const project = createProject(region, input);
      projects.set(name, project);
      return { project };
    },

    async BatchGetProjects({ names = [] }) {
      const found = names.map((name) => projects.get(idOf(name))).filter((project) => project !== undefined);
      return { projects: found, projectsNotFound: names.filter((name) => !projects.has(idOf(name))) };
    },

    async StartBuild(input, { caller }) {
      const { projectName, idempotencyToken, environmentVariablesOverride: variables = [] } = input;
      const project = projectOf(projectName);
      const unknown = Object.keys(input).find((key) => !STARTABLE.has(key));
      if (unknown) throw invalid(`The local region does not know ${unknown} of a build.`);
      checkVariables(variables);
      const request = JSON.stringify([project.name, variables]);
      const before = known(idempotencyToken, request);
      if (before) return { build: structuredClone(before) };
      const limit = project.concurrentBuildLimit ?? Number.POSITIVE_INFINITY;
      if (underWay().filter(({ build }) => build.projectName === project.name).length >= limit) {
        const message = `Cannot have more than ${limit} active builds for the project`;
        throw new sdk.AccountLimitExceededException({ message, $metadata: {} });
      }
      const buildNumber = Math.max(0, ...buildsOf(project).map((build) => build.buildNumber)) + 1;
      const build = newBuild(region, project, { buildNumber, variables, caller });
      runs.set(build.id, startRun({ region, jobs, project, build, patienceMs: service.patienceMs, fault }));
      fault = false;
      if (idempotencyToken) tokens.set(idempotencyToken, { at: region.clock.now().getTime(), request, build });
      return { build: structuredClone(build) };
    },

    async BatchGetBuilds({ ids = [] }) {
      const found = ids.map((id) => runs.get(idOf(id))?.build).filter((build) => build !== undefined);
      return { builds: structuredClone(found), buildsNotFound: ids.filter((id) => !runs.has(idOf(id))) };
    },

    async ListBuildsForProject({ projectName, sortOrder, nextToken: Marker }) {
      const all = buildsOf(projectOf(projectName));
      if (sortOrder && all.length > PAGE) throw invalid(`A project with more than ${PAGE} builds takes no sortOrder.`);
      const order = ({ buildNumber }: Build): number => (sortOrder === 'ASCENDING' ? buildNumber : 1e9 - buildNumber);
      const { items, marker } = pageOf(all, (build) => String(order(build)).padStart(10, '0'), { Marker }, PAGE);
      return { ids: items.map(({ id }) => id), nextToken: marker };
    },

    async StopBuild({ id }) {
      const { build, end } = runOf(id);
      await end('STOPPED');
      return { build: structuredClone(build) };
    },
  });

  const service: CodeBuildService = {
    ...operations,
    patienceMs: 20_000,
    log: (buildId) => logOf(region, runOf(buildId).build).slice(-LOG_LINES),
    failNext: () => {
      fault = true;
    },
    authorize: (operation, input) => checksOf(region, operation, input),
    // The machine of a build is gone with the power: AWS finds it dead.
    cutPower: async () => {
      const message = 'Build container found dead before completing the build.';
      await Promise.all(underWay().map(({ end }) => end('FAULT', { statusCode: 'BUILD_CONTAINER_DEAD', message })));
    },
    close: async () => {
      await Promise.all(underWay().map(({ end }) => end('STOPPED')));
      await jobs.close();
    },
  };
  return service;
};

/** Builds have no resource type of their own: whoever asks for one needs its project (service authorization reference, 2026-11). */
const checksOf = (region: Region, operation: string, input: unknown): Check[] => {
  const { names, ids, name, projectName, id, serviceRole } = input as Partial<
    Record<'names' | 'ids', string[]> & Record<'name' | 'projectName' | 'id' | 'serviceRole', string>
  >;
  const action = `codebuild:${operation}`;
  const asked = [names, ids, name, projectName, id].flat().filter((each) => each !== undefined);
  const resources = new Set(asked.map((each) => arnOf(region, 'project', idOf(each).split(':')[0] ?? '')));
  const checks: Check[] = [...resources].map((resource) => ({ action, resource }));
  if (operation === 'CreateProject' && serviceRole)
    checks.push({ action: 'iam:PassRole', resource: serviceRole, context: { 'iam:PassedToService': PRINCIPAL } });
  return checks.length > 0 ? checks : [{ action, resource: '*' }];
};
