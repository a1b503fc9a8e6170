import { delimiter, join } from 'node:path';
import { runProgram } from './processes.ts';
import { EngineMissing, folderWith } from './programs.ts';

/** Full path of the server: LIFEBOAT_REDIS_BIN, then PATH. @throws {EngineMissing} */
export const redisProgram = (): string => {
  const folders = [process.env.LIFEBOAT_REDIS_BIN, ...(process.env.PATH ?? '').split(delimiter)];
  const folder = folderWith(['redis-server'], folders);
  if (folder) return join(folder, 'redis-server');
  throw new EngineMissing(
    'redis-server was not found in LIFEBOAT_REDIS_BIN or PATH. Install Redis 7 or newer, or Valkey, or set LIFEBOAT_REDIS_BIN to the folder that holds it.',
  );
};

/** What is installed, in ElastiCache's words. Valkey, too, comes as redis-server, and says who it is: `Valkey server v=8.0.1 …`. */
export const installedRedis = async (): Promise<{ engine: 'redis' | 'valkey'; version: string }> => {
  const text = await runProgram(redisProgram(), ['--version']);
  const [, name, version = 'unknown'] = /^(\w+) server v=(\d+(?:\.\d+)*)/.exec(text) ?? [];
  return { engine: name === 'Valkey' ? 'valkey' : 'redis', version };
};
