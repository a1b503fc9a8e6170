// Build projects: what a build is made from.
import * as sdk from '@aws-sdk/client-codebuild';
import type { Region } from '../../types.ts';
import { unsupportedKey } from './buildspec.ts';

export interface Project extends sdk.Project {
  name: string;
  arn: string;
  serviceRole: string;
  timeoutInMinutes: number;
}

export const PRINCIPAL = 'codebuild.amazonaws.com';
/** Minutes a project may give its builds (CodeBuild API reference, CreateProject, 2026-11). */
const TIMEOUT = { least: 5, most: 2160 };
const KNOWN = new Set<keyof sdk.CreateProjectInput>([
  ...(['name', 'description', 'source', 'artifacts', 'environment', 'serviceRole'] as const),
  ...(['timeoutInMinutes', 'concurrentBuildLimit', 'tags'] as const),
]);

export const invalid = (message: string): Error => new sdk.InvalidInputException({ message, $metadata: {} });

export const arnOf = (region: Region, kind: 'project' | 'build', id: string): string =>
  `arn:aws:codebuild:${region.name}:${region.account}:${kind}/${id}`;

/** Lists take names and ids as such, or as ARNs. */
export const idOf = (nameOrArn: string): string => nameOrArn.slice(nameOrArn.indexOf('/') + 1);

export const createProject = (region: Region, input: sdk.CreateProjectInput): Project => {
  const { name = '', source, environment, serviceRole = '', timeoutInMinutes = 60, ...rest } = input;
  if (!/^[A-Za-z0-9][\w-]{1,149}$/.test(name)) throw invalid(`Project name is not valid: ${name}`);
  const unknown = (Object.keys(input) as (keyof sdk.CreateProjectInput)[]).find((key) => !KNOWN.has(key));
  if (unknown) throw invalid(`The local region does not know ${unknown} of a project.`);
  if (source?.type !== 'NO_SOURCE' || !source.buildspec)
    throw invalid(
      `The local region runs inline buildspecs only: source of ${name} must be NO_SOURCE with a buildspec.`,
    );
  const key = unsupportedKey(source.buildspec);
  if (key) throw invalid(`The local region does not run ${key} of a buildspec.`);
  if (timeoutInMinutes < TIMEOUT.least || timeoutInMinutes > TIMEOUT.most)
    throw invalid(`Invalid timeout: it must be between ${TIMEOUT.least} and ${TIMEOUT.most} minutes`);
  checkVariables(environment?.environmentVariables);
  const created = region.clock.now();
  const arn = arnOf(region, 'project', name);
  const project = {
    ...{ ...rest, name, arn, source, environment, serviceRole, timeoutInMinutes, queuedTimeoutInMinutes: 480 },
    ...{ created, lastModified: created },
  };
  assumeRole(region, project, name);
  return project;
};

export const checkVariables = (variables: sdk.EnvironmentVariable[] = []): void => {
  const other = variables.find(({ type = 'PLAINTEXT' }) => type !== 'PLAINTEXT');
  if (other) throw invalid(`The local region knows plain text variables only: ${other.name} is ${other.type}.`);
};

/** @throws InvalidInputException where the role does not exist or does not trust CodeBuild, as AWS says it ("Troubleshooting", user guide). */
export const assumeRole = (region: Region, { arn, serviceRole }: Project, actor: string): void => {
  try {
    const source = { sourceArn: arn, sourceAccount: region.account };
    region.world.iam.assume(serviceRole, PRINCIPAL, { actor, ...source });
  } catch {
    throw invalid(`CodeBuild is not authorized to perform: sts:AssumeRole on ${serviceRole}`);
  }
};
