// What can be typed while the local regions run: region time, disasters, the end.
import { duration } from '../../shared/config/units.ts';
import type { LocalWorld } from '../world.ts';

const HOUR_MS = 3_600_000;

export const HELP = `  advance 6 hours     region time goes on; what is due meanwhile happens
  time                what region time it is
  kill us-east-1      the region and its engines are gone for good
  cut off us-east-1   nobody reaches the region any more …
  rejoin us-east-1    … until it is joined again
  quit                ends everything (as does Ctrl-C)`;

export interface Console {
  world: LocalWorld;
  say(text: string): void;
}

/** Carries out one line. @throws {Error} that says what was expected */
export const perform = async (line: string, { world, say }: Console): Promise<'go on' | 'quit'> => {
  const text = line.trim().replace(/\s+/g, ' ');
  const [, command = '', argument = ''] = /^(cut off|\S*) ?(.*)$/.exec(text) ?? [];
  switch (command) {
    case '':
      break;
    case 'advance':
      await advance(argument, world);
      say(time(world));
      break;
    case 'time':
      say(time(world));
      break;
    case 'kill':
      await world.killRegion(world.region(argument).name);
      say(`${argument} is gone.`);
      break;
    case 'cut off':
      world.cutOff(world.region(argument).name);
      say(`Nobody reaches ${argument}.`);
      break;
    case 'rejoin':
      world.rejoin(world.region(argument).name);
      say(`${argument} is reached again.`);
      break;
    case 'help':
      say(HELP);
      break;
    case 'quit':
      return 'quit';
    default:
      throw new Error(`There is no command "${text}". There are:\n${HELP}`);
  }
  return 'go on';
};

const time = ({ clock }: LocalWorld): string => `It is ${clock.now().toISOString().slice(0, 19)}Z.`;

/** Hour by hour, so that whatever goes on beside the clock, like customers who order, does so in every hour. */
const advance = async (argument: string, { clock }: LocalWorld): Promise<void> => {
  const { data: seconds, error } = duration.safeParse(argument);
  if (!seconds) throw new Error(`advance ${argument}: ${error?.issues[0]?.message}.`);
  const target = clock.now().getTime() + seconds * 1000;
  while (clock.now().getTime() < target)
    await clock.advanceTo(new Date(Math.min(target, clock.now().getTime() + HOUR_MS)));
};
