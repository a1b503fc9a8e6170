import { BatchGetProjectsCommand, type Project } from '@aws-sdk/client-codebuild';
import { codebuild } from '../../shared/aws/clients.ts';

/** The project of this region, or undefined where there is none. */
export const findProject = async (name: string): Promise<Project | undefined> => {
  const { projects = [] } = await codebuild().send(new BatchGetProjectsCommand({ names: [name] }));
  return projects[0];
};
