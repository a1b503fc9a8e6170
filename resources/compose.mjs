// What serverless.yml asks for: every answer is computed from the platform's configuration and the role deployed.
import { pathToFileURL } from 'node:url';
import path from 'node:path';

const parts = async ({ resolveVariable, options }) => {
  const role = await resolveVariable('param:role').catch((cause) => {
    throw new Error('Say which region this deployment is for: --param role=primary or --param role=recovery.', { cause });
  });
  if (!['primary', 'recovery'].includes(role)) {
    throw new Error(`--param role=${role}: expected primary or recovery.`);
  }
  const { default: platform } = await import(pathToFileURL(path.resolve(process.env.LIFEBOAT_CONFIG ?? 'lifeboat.config.ts')).href);
  const { describeDeployment } = await import('./deployment.ts');
  return describeDeployment(platform, role, options.stage ?? 'dev');
};

const part = (name) => async (context) => (await parts(context))[name];

export const platform = part('platform');
export const region = part('region');
export const environment = part('environment');
export const tags = part('tags');
export const functions = part('functions');
export const machines = part('machines');
export const resources = part('resources');
export const outputs = part('outputs');
