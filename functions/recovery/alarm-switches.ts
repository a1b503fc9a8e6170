import {
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  type MetricAlarm,
  paginateDescribeAlarms,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { cloudwatch } from '../../shared/aws/clients.ts';
import { settings } from '../../shared/config/settings.ts';

/** EnableAlarmActions takes 100 names (CloudWatch API reference, 2026-11). */
const AT_ONCE = 100;

/**
 * Alarms that take silence for bad news tell people only where the platform lives. Returns how many were switched. One that
 * is switched on has been crying for as long as it was not heard; it begins anew, or it would tell nobody.
 */
export const switchAlarms = async (region: string, lives: boolean, abortSignal: AbortSignal): Promise<number> => {
  const client = cloudwatch(region);
  const found: MetricAlarm[] = [];
  const prefix = { AlarmNamePrefix: `${settings().service}-` };
  for await (const page of paginateDescribeAlarms({ client }, prefix, { abortSignal }))
    found.push(...(page.MetricAlarms ?? []));
  const names = found
    .filter(({ TreatMissingData, ActionsEnabled }) => TreatMissingData === 'breaching' && ActionsEnabled !== lives)
    .flatMap(({ AlarmName }) => AlarmName ?? []);
  const inParts = async (
    Switch: typeof EnableAlarmActionsCommand | typeof DisableAlarmActionsCommand,
  ): Promise<void> => {
    for (let at = 0; at < names.length; at += AT_ONCE)
      await client.send(new Switch({ AlarmNames: names.slice(at, at + AT_ONCE) }), { abortSignal });
  };
  const beginAnew = async (): Promise<void> => {
    const anew = { StateValue: 'INSUFFICIENT_DATA', StateReason: 'The platform moved to this region.' } as const;
    for (const AlarmName of names) await client.send(new SetAlarmStateCommand({ AlarmName, ...anew }), { abortSignal });
  };
  if (!lives) await inParts(DisableAlarmActionsCommand);
  else {
    // Before, for a call that dies in between; after, for an alarm that cried in between and was not heard.
    await beginAnew();
    await inParts(EnableAlarmActionsCommand);
    await beginAnew();
  }
  return names.length;
};
