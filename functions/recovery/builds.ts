// The phase that builds what the workloads stand upon: a CodeBuild project of this region, which runs the user's own CDK or
// Terraform. One build of a failover runs at a time; one that fails is told, and the next call begins another.
import {
  BatchGetBuildsCommand,
  type Build,
  InvalidInputException,
  ListBuildsForProjectCommand,
  ResourceNotFoundException,
  StartBuildCommand,
  StatusType,
} from '@aws-sdk/client-codebuild';
import { codebuild } from '../../shared/aws/clients.ts';
import { secondsBetween } from '../../shared/clock.ts';
import { settings } from '../../shared/config/settings.ts';
import { logger } from '../../shared/telemetry/logger.ts';
import { findProject } from './build-projects.ts';
import { InfrastructureNotBuilt } from './errors.ts';
import type { PhaseContext, Step } from './phases.ts';

const LOOK_AGAIN_SECONDS = 10;
/** Carried by every build: by it one whose start was not answered is found again. */
const MARK = 'LIFEBOAT_BUILD';

/** @throws {InfrastructureNotBuilt} once for every build that fails. */
export const buildInfrastructure = async (context: PhaseContext): Promise<Step> => {
  const { plan, noted, rehearsal } = context;
  if (!plan.infrastructure) return { done: true, facts: { skipped: 'no infrastructure is configured' } };
  const { project } = plan.infrastructure;
  if (rehearsal) return rehearse(project);
  const attempt = typeof noted.attempt === 'number' ? noted.attempt : 1;
  const known =
    typeof noted.build === 'string' ? await findBuild(noted.build) : await findMarked(project, context, attempt);
  if (!known && noted.build) return fail(context, project, attempt, `CodeBuild no longer knows ${noted.build}`);
  return follow(context, project, attempt, known ?? (await start(project, context, attempt)));
};

const follow = async (context: PhaseContext, project: string, attempt: number, build: Build): Promise<Step> => {
  const { id = '', buildStatus: status } = build;
  switch (status) {
    case StatusType.SUCCEEDED:
      return {
        done: true,
        facts: { project, build: id, attempt, seconds: secondsOf(build), log: build.logs?.deepLink ?? null },
      };
    case StatusType.IN_PROGRESS:
      return {
        ...{ done: false, waitSeconds: LOOK_AGAIN_SECONDS, found: `${id} is in ${build.currentPhase ?? 'its queue'}` },
        facts: { project, build: id, attempt },
      };
    // CodeBuild's own trouble, not the project's: nothing for people to mend. The phase's time is the limit.
    case StatusType.FAULT:
      return {
        ...{
          done: false,
          waitSeconds: LOOK_AGAIN_SECONDS,
          found: `${id} ended in a fault of CodeBuild; another is begun`,
        },
        facts: { build: null, attempt: attempt + 1 },
      };
    default:
      return fail(context, project, attempt, `${id} ${status}: ${troubleOf(build)}`, build);
  }
};

/** Noted before it is told: whoever calls again has mended the cause, and wants another build. */
const fail = async (
  { note, to }: PhaseContext,
  project: string,
  attempt: number,
  found: string,
  build?: Build,
): Promise<never> => {
  await note({ build: null, attempt: attempt + 1, failed: found });
  const { groupName, streamName } = build?.logs ?? {};
  const log =
    groupName && streamName
      ? `Read its log (aws logs tail ${groupName} --log-stream-names ${streamName} --region ${to})`
      : `Look at the builds of ${project} (aws codebuild list-builds-for-project --project-name ${project} --region ${to})`;
  throw notBuilt(project, {
    expected: 'a build that succeeds',
    found,
    next: `${log}, mend the cause, then redrive the execution: another build is begun.`,
  });
};

const notBuilt = (project: string, facts: { expected: string; found: string; next: string }): InfrastructureNotBuilt =>
  new InfrastructureNotBuilt('the infrastructure of this region was not built.', {
    source: `the CodeBuild project ${project}`,
    ...facts,
  });

/** CodeBuild says in the contexts of the phase that failed why it did. */
const troubleOf = ({ phases = [] }: Build): string =>
  phases
    .flatMap(({ phaseType, phaseStatus, contexts = [] }) =>
      phaseStatus === StatusType.SUCCEEDED
        ? []
        : contexts.flatMap(({ statusCode, message }) =>
            message ? [`${phaseType} ${statusCode ?? phaseStatus}: ${message}`] : [],
          ),
    )
    .join('; ')
    .slice(0, 1000) || 'CodeBuild does not say why';

const secondsOf = ({ startTime, endTime }: Build): number | null =>
  startTime && endTime ? Math.round(secondsBetween(startTime, endTime)) : null;

const findBuild = async (id: string): Promise<Build | undefined> => {
  const { builds = [] } = await codebuild().send(new BatchGetBuildsCommand({ ids: [id] }));
  return builds[0];
};

const markOf = (failoverId: string, attempt: number): string => `${failoverId}-${attempt}`;

/**
 * The newest hundred are enough: ours was begun minutes ago. Newest first is the default; asked for by name it is refused
 * for a project with more builds than that (ListBuildsForProject, API reference, 2026-11).
 * @throws {InfrastructureNotBuilt} where there is no project. */
const findMarked = async (
  project: string,
  { failoverId }: PhaseContext,
  attempt: number,
): Promise<Build | undefined> => {
  const { ids = [] } = await orNoProject(project, () =>
    codebuild().send(new ListBuildsForProjectCommand({ projectName: project })),
  );
  if (ids.length === 0) return undefined;
  const { builds = [] } = await codebuild().send(new BatchGetBuildsCommand({ ids: ids.slice(0, 100) }));
  const mark = markOf(failoverId, attempt);
  return builds.find(({ environment }) =>
    environment?.environmentVariables?.some(({ name, value }) => name === MARK && value === mark),
  );
};

const start = async (
  project: string,
  { failoverId, from, to, stillHeld }: PhaseContext,
  attempt: number,
): Promise<Build> => {
  await stillHeld();
  const mark = markOf(failoverId, attempt);
  const variables = {
    [MARK]: mark,
    LIFEBOAT_FAILOVER_ID: failoverId,
    LIFEBOAT_FROM_REGION: from,
    LIFEBOAT_TO_REGION: to,
  };
  const { build } = await orNoProject(project, () =>
    codebuild().send(
      new StartBuildCommand({
        projectName: project,
        // Of two calls at once: the same token gives the same build for five minutes (StartBuild, API reference, 2026-11).
        idempotencyToken: mark,
        environmentVariablesOverride: Object.entries(variables).map(([name, value]) => ({
          name,
          value,
          type: 'PLAINTEXT',
        })),
      }),
    ),
  );
  logger.info('build started', { project, build: build?.id });
  return build ?? {};
};

const orNoProject = async <T>(project: string, ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ResourceNotFoundException) throw noProject(project);
    if (!(error instanceof InvalidInputException)) throw error;
    throw notBuilt(project, {
      expected: 'a project that can be built as it is',
      found: error.message,
      next: 'Correct the project, then redrive the execution.',
    });
  }
};

const noProject = (project: string): InfrastructureNotBuilt =>
  notBuilt(project, {
    expected: `a project ${project} in ${settings().region}`,
    found: 'CodeBuild knows none of this name',
    next: 'Create it, or correct recovery.infrastructure.project in the configuration and deploy; then redrive the execution.',
  });

/** What a build would change has the names of production: a drill only looks whether it could be begun. */
const rehearse = async (project: string): Promise<Step> => {
  if (!(await findProject(project))) throw noProject(project);
  return { done: true, facts: { project, rehearsal: true, skipped: 'a drill builds nothing' } };
};
