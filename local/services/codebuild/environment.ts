import path from 'node:path';
import type { Credentials, Region } from '../../types.ts';
import { authoritiesFile } from '../lambda/authorities.ts';
import type { Build } from './builds.ts';
import type { Buildspec } from './buildspec.ts';

/** Later ones win: the buildspec's variables, then those of project and request, then AWS's own. Of the host, only PATH. */
export const environmentOf = (
  region: Region,
  build: Build,
  spec: Buildspec,
  { directory, credentials }: { directory: string; credentials: Credentials | undefined },
): Record<string, string> => {
  const authorities = authoritiesFile(region);
  return {
    // `node` is the one this region runs with.
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH ?? ''}`,
    HOME: directory,
    LANG: 'C.UTF-8',
    ...spec.env?.variables,
    ...Object.fromEntries(build.environment.environmentVariables.map(({ name, value }) => [name ?? '', value ?? ''])),
    ...(authorities && { NODE_EXTRA_CA_CERTS: authorities }),
    AWS_REGION: region.name,
    AWS_DEFAULT_REGION: region.name,
    AWS_ENDPOINT_URL: region.endpoint,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey ?? '',
    CODEBUILD_BUILD_ID: build.id,
    CODEBUILD_BUILD_ARN: build.arn,
    CODEBUILD_BUILD_NUMBER: String(build.buildNumber),
    CODEBUILD_SRC_DIR: directory,
  };
};
