// EventBridge Scheduler behind the client: the schedules of the shop's source, as they were deployed.
import { GetScheduleCommand, SchedulerClient, type ScheduleState } from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';

export interface Schedules {
  /** When they were last changed: nothing was due before. */
  changedAt: Date;
  state: ScheduleState;
  /** Names that were asked for, with their group. */
  asked: string[];
}

export const schedules = (changedAt: Date): Schedules => {
  const fake: Schedules = { changedAt, state: 'ENABLED', asked: [] };
  mockClient(SchedulerClient)
    .on(GetScheduleCommand)
    .callsFake(({ GroupName, Name }) => {
      fake.asked.push(`${GroupName}/${Name}`);
      return { Name, GroupName, State: fake.state, LastModificationDate: fake.changedAt };
    });
  return fake;
};
