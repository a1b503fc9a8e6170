// The flags of `npm run local`, and the ports they ask for.
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseArgs } from 'node:util';

export const USAGE = `npm run local -- [flags]

  --port 4566          port of the primary region; the recovery region has the next one. 0: any two that are free
  --scale 0.05         size of the shop's database: 1 is about 200 MB
  --directory <path>   where everything is kept while it runs; emptied at the start. Default: .lifeboat/local
  --help`;

export interface Flags {
  port: number;
  scale: number;
  directory: string;
  help: boolean;
}

/** A flag or a port that cannot be used, and what to do about it. */
export class UnusableFlag extends Error {
  override readonly name = 'UnusableFlag';
}

/** @throws {UnusableFlag} */
export const readFlags = (args: string[], root: string): Flags => {
  const values = parse(args);
  const { port = '4566', scale = '0.05', directory = path.join(root, '.lifeboat', 'local'), help = false } = values;
  if (!/^\d+$/.test(port) || Number(port) > 65_534)
    throw new UnusableFlag(`--port ${port}: expected a number from 0 to 65534.`);
  if (!(Number(scale) > 0 && Number(scale) <= 50))
    throw new UnusableFlag(`--scale ${scale}: expected a number above 0, at most 50.`);
  return { port: Number(port), scale: Number(scale), directory: path.resolve(directory), help };
};

const parse = (args: string[]) => {
  const text = { type: 'string' } as const;
  try {
    const options = { port: text, scale: text, directory: text, help: { type: 'boolean' } } as const;
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new UnusableFlag(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
};

/** @throws {UnusableFlag} before anything is started for it */
export const assertFree = async (port: number): Promise<void> => {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new UnusableFlag(
      `Port ${port} is taken, perhaps by another local region or LocalStack. Choose another: npm run local -- --port ${port === 65_534 ? 5566 : port + 1000}`,
      { cause: error },
    );
  }
  probe.close();
  await once(probe, 'close');
};
