import {
  GetScheduleCommand,
  paginateListSchedules,
  type ScheduleSummary,
  UpdateScheduleCommand,
  type UpdateScheduleCommandInput,
} from '@aws-sdk/client-scheduler';
import { scheduler } from '../../shared/aws/clients.ts';
import { settings } from '../../shared/config/settings.ts';
import { isAwake } from '../../shared/recovery/schedules.ts';

/** Brings every schedule of a region into the state it has where the platform lives, or does not. Returns how many it changed. */
export const switchSchedules = async (region: string, lives: boolean, abortSignal: AbortSignal): Promise<number> => {
  const GroupName = settings().service;
  const client = scheduler(region);
  let changed = 0;
  // Listed whole before anything is changed: pages of a list that changes may miss some.
  const schedules: ScheduleSummary[] = [];
  for await (const page of paginateListSchedules({ client }, { GroupName }, { abortSignal }))
    schedules.push(...(page.Schedules ?? []));
  for (const { Name = '', State } of schedules) {
    const wanted = isAwake(Name, lives) ? 'ENABLED' : 'DISABLED';
    if (State === wanted) continue;
    // An update replaces the schedule: what is not said again takes its default.
    const {
      $metadata: _,
      Arn: __,
      CreationDate: ___,
      LastModificationDate: ____,
      ...standing
    } = await client.send(new GetScheduleCommand({ GroupName, Name }), { abortSignal });
    const update = { ...standing, State: wanted } as UpdateScheduleCommandInput;
    await client.send(new UpdateScheduleCommand(update), { abortSignal });
    changed += 1;
  }
  return changed;
};
