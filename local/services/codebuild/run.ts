// How a build comes from SUBMITTED to COMPLETED.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type * as sdk from '@aws-sdk/client-codebuild';
import type { Credentials, Region } from '../../types.ts';
import type { Job, Jobs } from '../jobs.ts';
import { announce, type Build, completeBuild, enterPhase, leavePhase } from './builds.ts';
import { BUILD_PHASES, type Buildspec, parseBuildspec } from './buildspec.ts';
import { environmentOf } from './environment.ts';
import { assumeRole, type Project } from './projects.ts';
import { openShell } from './shell.ts';

/** Region time until a build has its machine. */
const PROVISIONING_MS = 5_000;

export interface Run {
  build: Build;
  /** Ends a build that is not complete, and every process of it. */
  end(status: 'STOPPED' | 'TIMED_OUT' | 'FAULT', context?: sdk.PhaseContext): Promise<void>;
}

export interface RunOptions {
  region: Region;
  jobs: Jobs;
  project: Project;
  build: Build;
  /** Real time after which region time goes on although the build does not end. */
  patienceMs: number;
  fault: boolean;
}

/** A phase did not do what it is for; `context` is what AWS says about it. */
class PhaseFailed extends Error {
  override readonly name = 'PhaseFailed';
  readonly context: sdk.PhaseContext;

  constructor(statusCode: string, message: string) {
    super(message);
    this.context = { statusCode, message };
  }
}

export const logOf = (region: Region, build: Build): string[] => {
  const file = logFileOf(region, build);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
};

const folderOf = (region: Region, { projectName }: Build): string =>
  path.resolve(region.directory, 'codebuild', projectName);
const logFileOf = (region: Region, build: Build): string =>
  path.join(folderOf(region, build), `${build.logs?.streamName}.log`);

export const startRun = ({ region, jobs, project, build, patienceMs, fault }: RunOptions): Run => {
  const { clock, world } = region;
  const scratch = path.join(folderOf(region, build), build.logs?.streamName ?? '');
  mkdirSync(scratch, { recursive: true });
  const shell = openShell(scratch, logFileOf(region, build));
  let credentials: Credentials | undefined;
  let job: Job | undefined;

  const complete = (status: sdk.StatusType): void => {
    completeBuild(build, status, clock.now());
    shell.kill();
    if (credentials) world.iam.revoke(credentials.accessKeyId);
    announce(region, build);
  };
  const end: Run['end'] = async (status, context) => {
    if (build.buildComplete) return;
    cancelStart();
    cancelTimeout();
    leavePhase(build, status, clock.now(), context);
    complete(status);
    await job?.cancel();
    shell.remove();
  };

  /** Whether it went well. @throws once the build has been ended from outside: nothing of it may be touched any more. */
  const phase = async (type: sdk.BuildPhaseType, work: () => void | Promise<void>): Promise<boolean> => {
    job?.signal.throwIfAborted();
    if (build.currentPhase !== type) enterPhase(build, type, clock.now());
    try {
      await work();
      job?.signal.throwIfAborted();
      leavePhase(build, 'SUCCEEDED', clock.now());
      return true;
    } catch (error) {
      job?.signal.throwIfAborted();
      if (!(error instanceof PhaseFailed)) throw error;
      leavePhase(build, 'FAILED', clock.now(), error.context);
      return false;
    }
  };

  /** All phases after it was given a machine; whether all of them went well. */
  const work = async (): Promise<boolean> => {
    let spec: Buildspec | undefined;
    let environment: Record<string, string> = {};
    const provisioned = await phase('PROVISIONING', () => {
      credentials = credentialsOf(region, project, build, shell.kill);
    });
    if (!provisioned) return false;
    const loaded = await phase('DOWNLOAD_SOURCE', () => {
      spec = specOf(project);
      environment = environmentOf(region, build, spec, { directory: shell.directory, credentials });
    });
    if (!loaded) return finalize(false);
    let succeeding = true;
    for (const name of BUILD_PHASES) {
      const went = await phase(name.toUpperCase() as sdk.BuildPhaseType, async () => {
        for (const command of spec?.phases[name]?.commands ?? []) {
          appendFileSync(logFileOf(region, build), `[Container] Running command ${command}\n`);
          const reason = await shell.run(command, environment, succeeding);
          job?.signal.throwIfAborted();
          if (reason !== undefined) throw new PhaseFailed('COMMAND_EXECUTION_ERROR', failureOf(command, reason));
        }
      });
      succeeding &&= went;
      // What follows a failed build is still run; what follows a failed preparation is not.
      if (!went && (name === 'install' || name === 'pre_build')) return finalize(false);
    }
    await phase('UPLOAD_ARTIFACTS', () => undefined);
    return finalize(succeeding);
  };
  const finalize = async (succeeding: boolean): Promise<boolean> => {
    await phase('FINALIZING', () => undefined);
    return succeeding;
  };

  const begin = (): void => {
    if (fault) return void end('FAULT', EXPERIENCING_AN_ISSUE);
    job = jobs.start(
      `build ${build.id}`,
      async (started) => {
        job = started;
        const impatience = setTimeout(started.letTimePass, patienceMs);
        try {
          const succeeded = await work();
          cancelTimeout();
          complete(succeeded ? 'SUCCEEDED' : 'FAILED');
        } finally {
          clearTimeout(impatience);
          shell.remove();
        }
      },
      (error) => void end('FAULT', { ...EXPERIENCING_AN_ISSUE, message: error.message }),
    );
  };

  for (const type of ['SUBMITTED', 'QUEUED'] as const) {
    enterPhase(build, type, clock.now());
    leavePhase(build, 'SUCCEEDED', clock.now());
  }
  announce(region, build);
  enterPhase(build, 'PROVISIONING', clock.now());
  const from = clock.now().getTime();
  const cancelStart = clock.at(new Date(from + PROVISIONING_MS), begin);
  const cancelTimeout = clock.at(new Date(from + project.timeoutInMinutes * 60_000), () =>
    end('TIMED_OUT', { statusCode: 'BUILD_TIMED_OUT', message: 'Build has timed out. ' }),
  );
  return { build, end };
};

const EXPERIENCING_AN_ISSUE = { statusCode: 'INTERNAL_SERVICE_ERROR', message: 'CodeBuild is experiencing an issue' };

const failureOf = (command: string, reason: string): string =>
  `Error while executing command: ${command}. Reason: ${reason}`;

/** @throws PhaseFailed where the role is gone or no longer trusts CodeBuild. */
const credentialsOf = (region: Region, project: Project, build: Build, kill: () => void): Credentials => {
  const actor = `AWSCodeBuild-${build.logs?.streamName}`;
  try {
    assumeRole(region, project, actor);
  } catch (error) {
    throw new PhaseFailed('ACCESS_DENIED', (error as Error).message);
  }
  return region.world.iam.issue(project.serviceRole, { actor, kill });
};

const specOf = ({ source }: Project): Buildspec => {
  try {
    return parseBuildspec(source?.buildspec ?? '');
  } catch (error) {
    throw new PhaseFailed('YAML_FILE_ERROR', (error as Error).message);
  }
};
