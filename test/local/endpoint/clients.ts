// Clients in processes of their own: the AWS CLI and Python, where they are installed.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import type { Region } from '../../../local/types.ts';

const run = promisify(execFile);

export const isInstalled = (program: string, ...check: string[]): boolean => spawnSync(program, check).status === 0;

/** The settings of whoever sits at the keyboard, and none of those the machine may have. */
const environmentFor = ({ name }: Region): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  AWS_ACCESS_KEY_ID: 'operator',
  AWS_SECRET_ACCESS_KEY: 'any',
  AWS_DEFAULT_REGION: name,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_MAX_ATTEMPTS: '1',
  AWS_PAGER: '',
});

/** What `aws --endpoint-url …` printed. @throws with its exit code and stderr */
export const aws = async (region: Region, ...args: string[]): Promise<string> => {
  const options = { env: environmentFor(region), encoding: 'utf8' } as const;
  const { stdout } = await run('aws', ['--endpoint-url', region.endpoint, '--output', 'json', ...args], options);
  return stdout;
};

export const python = async (region: Region, script: string, ...args: string[]): Promise<string> => {
  const env = { ...environmentFor(region), AWS_ENDPOINT_URL: region.endpoint, PYTHONDONTWRITEBYTECODE: '1' };
  const { stdout } = await run('python3', [script, ...args], { env, encoding: 'utf8' });
  return stdout;
};
