// `npm run local`: the platform in two local regions at fixed addresses, for the AWS CLI and SDKs, until it is told to quit.
import path from 'node:path';
import { createInterface } from 'node:readline';
import platform from '../lifeboat.config.ts';
import { packageService } from '../scripts/package.ts';
import { rdsSourceNamed } from '../shared/config/platform.ts';
import { perform } from './console/commands.ts';
import { assertFree, type Flags, readFlags, UnusableFlag, USAGE } from './console/flags.ts';
import { instructions } from './console/instructions.ts';
import { DirectoryInUse, takeDirectory } from './console/lock.ts';
import { createDatabase, type LocalPlatform, startPlatform } from './platform.ts';
import { fillShop, keepOrdering } from './story/shop-data.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
/** Customers are there to keep the newest order recent, not to keep a laptop busy. */
const PAUSE_MS = 500;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const say = (text: string): void => console.log(text);

/** The exit status, once somebody wants the end: a signal comes at any time, a second one does not wait. */
const endWanted = (): Promise<number> => {
  const { promise, resolve } = Promise.withResolvers<number>();
  for (const [signal, status] of Object.entries(SIGNALS)) {
    let told = false;
    process.on(signal, () => {
      if (told) process.exit(status);
      told = true;
      resolve(status);
    });
  }
  return promise;
};

/** Deployed, with a database of which customers make use. */
const start = async ({ port, scale, directory }: Flags): Promise<LocalPlatform> => {
  const { primary, recovery } = platform.regions;
  const ports = { [primary]: port, [recovery]: port && port + 1 };
  for (const each of Object.values(ports)) await assertFree(each);
  packageService(say);
  say('deploying to two local regions …');
  const started = await startPlatform({ directory, ports });
  try {
    const { clock } = started.world;
    say("filling the shop's database …");
    await createDatabase(started, (client) => fillShop(client, scale, clock.now()));
    const { instance } = rdsSourceNamed(started.source);
    // They stop when their database does.
    keepOrdering(await started.connect(started.primary, instance), clock.now, PAUSE_MS);
    return started;
  } catch (error) {
    await started.close();
    throw error;
  }
};

/** Carries out what is typed, one line after the other, until one is `quit`. The end of the input ends nothing. */
const listen = async ({ world }: LocalPlatform): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      if ((await perform(line, { world, say })) === 'quit') return;
    } catch (error) {
      say((error as Error).message);
    }
  }
  await new Promise(() => undefined);
};

const run = async (flags: Flags): Promise<number> => {
  const release = takeDirectory(flags.directory);
  const end = endWanted();
  try {
    const started = await start(flags);
    try {
      say(instructions(started));
      return await Promise.race([end, listen(started).then(() => 0)]);
    } finally {
      await started.close();
    }
  } finally {
    release();
    process.stdin.destroy();
  }
};

try {
  const flags = readFlags(process.argv.slice(2), ROOT);
  if (flags.help) say(USAGE);
  else process.exitCode = await run(flags);
} catch (error) {
  if (!(error instanceof UnusableFlag || error instanceof DirectoryInUse)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
