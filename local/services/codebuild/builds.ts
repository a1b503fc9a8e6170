// A build as AWS describes it: its phases, its end, and the event that tells of it.
import { randomUUID } from 'node:crypto';
import type * as sdk from '@aws-sdk/client-codebuild';
import type { Caller, Region } from '../../types.ts';
import { arnOf, type Project } from './projects.ts';

export interface Build extends sdk.Build {
  id: string;
  arn: string;
  projectName: string;
  buildNumber: number;
  buildStatus: sdk.StatusType;
  phases: sdk.BuildPhase[];
  environment: sdk.ProjectEnvironment & { environmentVariables: sdk.EnvironmentVariable[] };
}

export interface BuildOrder {
  buildNumber: number;
  variables: sdk.EnvironmentVariable[];
  caller: Caller;
}

export const newBuild = (region: Region, project: Project, { buildNumber, variables, caller }: BuildOrder): Build => {
  const { name, source, artifacts, serviceRole, timeoutInMinutes, queuedTimeoutInMinutes } = project;
  const streamName = randomUUID();
  const id = `${name}:${streamName}`;
  const groupName = `/aws/codebuild/${name}`;
  const of = new Map(project.environment?.environmentVariables?.map((variable) => [variable.name, variable]));
  for (const variable of variables) of.set(variable.name, variable);
  return {
    id,
    arn: arnOf(region, 'build', id),
    projectName: name,
    buildNumber,
    buildStatus: 'IN_PROGRESS',
    buildComplete: false,
    startTime: region.clock.now(),
    initiator: caller.arn
      .split(':')
      .at(-1)
      ?.replace(/^(assumed-role|user)\//, ''),
    phases: [],
    environment: {
      ...{ type: 'LINUX_CONTAINER', image: undefined, computeType: 'BUILD_GENERAL1_SMALL', ...project.environment },
      environmentVariables: [...of.values()].map((variable) => ({ type: 'PLAINTEXT', ...variable })),
    },
    logs: {
      groupName,
      streamName,
      deepLink: `https://console.aws.amazon.com/cloudwatch/home?region=${region.name}#logEvent:group=${groupName};stream=${streamName}`,
    },
    ...{ source, artifacts, serviceRole, timeoutInMinutes, queuedTimeoutInMinutes },
  };
};

export const enterPhase = (build: Build, phaseType: sdk.BuildPhaseType, now: Date): void => {
  build.phases.push({ phaseType, startTime: now });
  build.currentPhase = phaseType;
};

export const leavePhase = (build: Build, status: sdk.StatusType, now: Date, context?: sdk.PhaseContext): void => {
  const phase = build.phases.at(-1);
  if (!phase?.startTime) return;
  phase.phaseStatus = status;
  phase.endTime = now;
  phase.durationInSeconds = Math.floor((now.getTime() - phase.startTime.getTime()) / 1000);
  phase.contexts = context ? [context] : [];
};

export const completeBuild = (build: Build, status: sdk.StatusType, now: Date): void => {
  enterPhase(build, 'COMPLETED', now);
  build.buildStatus = status;
  build.buildComplete = true;
  build.endTime = now;
};

/** What rules look at; of "Build notifications input format reference" (CodeBuild user guide, 2026-11) the part that is known here. */
export const announce = (region: Region, build: Build): void => {
  const { environment, logs } = build;
  region.emit({
    source: 'aws.codebuild',
    'detail-type': 'CodeBuild Build State Change',
    resources: [build.arn],
    detail: {
      version: '1',
      'build-status': build.buildStatus,
      'project-name': build.projectName,
      'build-id': build.arn,
      'current-phase': build.currentPhase,
      'current-phase-context': '[]',
      'additional-information': {
        'build-number': build.buildNumber,
        'build-complete': build.buildComplete,
        initiator: build.initiator,
        'timeout-in-minutes': build.timeoutInMinutes,
        environment: { type: environment.type, 'environment-variables': environment.environmentVariables },
        logs: { 'group-name': logs?.groupName, 'stream-name': logs?.streamName, 'deep-link': logs?.deepLink },
      },
    },
  });
};
