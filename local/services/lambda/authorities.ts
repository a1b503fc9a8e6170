import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Region } from '../../types.ts';

/**
 * A file with the certificate authorities of the databases of all regions, as Lambda's own bundle has them; undefined while
 * there are none. It is named after its content: a process started before a region had one cannot learn of it later.
 */
export const authoritiesFile = (region: Region): string | undefined => {
  const sources = [...region.world.regions.values()].map(({ directory }) => path.join(directory, 'ca.pem'));
  const text = sources
    .filter((source) => existsSync(source))
    .map((source) => readFileSync(source, 'utf8'))
    .join('\n');
  if (text.trim() === '') return undefined;
  const name = `ca-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.pem`;
  const file = path.resolve(region.directory, 'lambda', name);
  if (existsSync(file)) return file;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
