// The deployed schedules of a platform in local regions, switched as an operator switches them.
import type { LocalPlatform } from '../../local/platform.ts';

const schedulesOf = async ({ ask, primary, service }: LocalPlatform): Promise<string[]> => {
  const { Schedules } = await ask<{ Schedules: { Name: string }[] }>(primary, 'scheduler', 'ListSchedules', {
    GroupName: service,
  });
  return Schedules.map(({ Name }) => Name);
};

/** Leaves the named schedules running and no other; `all` is every one that is deployed. */
export const runOnly = async (platform: LocalPlatform, names: 'all' | readonly string[]): Promise<void> => {
  const { ask, primary, service } = platform;
  const deployed = await schedulesOf(platform);
  const unknown = names === 'all' ? [] : names.filter((name) => !deployed.includes(name));
  if (unknown.length) throw new Error(`No schedule ${unknown.join(', ')}; there are ${deployed.join(', ')}.`);
  for (const name of deployed) {
    const which = { GroupName: service, Name: name };
    const schedule = await ask<object>(primary, 'scheduler', 'GetSchedule', which);
    const State = names === 'all' || names.includes(name) ? 'ENABLED' : 'DISABLED';
    await ask(primary, 'scheduler', 'UpdateSchedule', { ...schedule, ...which, State });
  }
};
